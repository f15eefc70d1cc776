"""Samples that hold their problem beside them: a right answer, or all that a judge needs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from passk.core.ids import problem_id
from passk.core.rows import RecordedError, Row
from passk.data.judging_ids import id_text
from passk.data.judging_problems import JudgingProblem, ProblemFile, read_table
from passk.data.responses import Holds
from passk.data.usual_columns import USUAL, cell_of
from passk.data.value_paths import MISSING, asked
from passk.domains.domain import Domain
from passk.domains.grading import Reference
from passk.logs.alignment import right_answers
from passk.logs.fields import first
from passk.logs.files import PLAIN, recognise
from passk.logs.format import FORMATS
from passk.logs.known_problems import (
    AnsweredProblems,
    Progress,
    check_domain,
    holds_of,
    key_of,
    read_answers,
)
from passk.logs.reader import read
from passk.logs.sample import LogSample
from passk.logs.side import Key, gather
from passk.logs.summary import LogReading, LogSummary

_NAMES = (
    *USUAL["problem_id"].sure, *USUAL["problem_id"].likely, *USUAL["problem"].sure,
    *USUAL["problem"].likely,
)  # fmt: skip


def read_with_answers(
    paths: Sequence[Path], reading: LogReading, domain: Domain, progress: Progress
) -> AnsweredProblems:
    """The samples of one draw that state their right answers themselves.

    A problem is called by its id, or by the digest of its question where there is none.

    Raises:
        RecordedError: a row that cannot be read, a problem without a right answer, one problem
            with two questions or right answers that differ.
    """
    check_domain(paths, reading, domain)
    summary = LogSummary()
    samples = list(progress(read(paths, reading, summary)))
    problems: dict[Key, JudgingProblem] = {}
    names: dict[Key, str] = {}
    for position, (key, side) in enumerate(gather(samples).items()):
        unnamed = key[1] == side.question
        name = names[key] = problem_id(domain.name, key[1]) if unnamed else key[1]
        golds = right_answers(key, [side])
        problems[key[0], name] = JudgingProblem(
            position,
            Row(side.place, {}),
            side.question,
            references=tuple(Reference(name, gold) for gold in golds),
        )
    kept = [_called(sample, names[key_of(sample)], holds_of(sample, domain)) for sample in samples]
    return AnsweredProblems(kept, problems, summary)


def _called(sample: LogSample, name: str, holds: Holds) -> LogSample:
    """A sample of a problem of that name; most are so already."""
    if sample.problem == name and sample.holds == holds:
        return sample
    return sample._replace(problem=name, holds=holds)


def read_with_problems(
    paths: Sequence[Path], reading: LogReading, domain: Domain, progress: Progress
) -> tuple[AnsweredProblems, ProblemFile]:
    """The samples of a table whose rows hold all columns of their problem, say its tests.

    Raises:
        RecordedError: it is no such table, or one problem differs from row to row.
    """
    path = paths[0]
    needed = "tests" if domain.tested else "answer_type"
    rows = list(FORMATS[PLAIN].rows(path)) if recognise(path, reading.format)[0] == PLAIN else []
    if len(paths) > 1 or not rows or needed not in rows[0].values:
        raise RecordedError(
            f"{path}: has no column {needed!r}, so it holds no problems of domain "
            f"{domain.name}; name their file with --problems: a benchmark's published file, or a "
            "table"
        )
    column = reading.fields.get("problem") or next(
        (name for name in _NAMES if name in rows[0].values), None
    )
    if column is None:
        raise RecordedError(
            f"{rows[0].place}: nothing tells which problem it answers; name a column: --column "
            "problem_id=COLUMN"
        )
    given = {"gold": reading.fields.get("reference"), "problem": reading.fields.get("question")}
    firsts = _first_of_each(rows, column, reading.fields.get("reference") or needed)
    file = read_table(path, firsts, domain, given)
    reading = replace(reading, fields={**reading.fields, "problem": column})
    answered = read_answers(paths, reading, file, domain, problems_id=column, progress=progress)
    return replace(answered, key=None), file


def _first_of_each(rows: Sequence[Row], column: str, judged_by: str) -> list[Row]:
    """The first row of each problem.

    Raises:
        RecordedError: a row of it is judged by something else, or has no id.
    """
    problems: dict[str, Row] = {}
    for row in rows:
        value = first(row.values, (column,))
        text = asked(value)
        name = id_text(text) if value is not MISSING else None
        if name is None:
            raise RecordedError(
                f"{row.place}: nothing tells which problem it answers; name a column: --column "
                "problem_id=COLUMN"
            )
        before = problems.setdefault(name, row)
        ours, theirs = (cell_of(each, judged_by, "gold") for each in (row, before))
        if ours != theirs:
            raise RecordedError(
                f"{row.place}: problem {name!r} has {judged_by} {str(ours)[:60]!r}, but "
                f"{str(theirs)[:60]!r} in {before.place}; correct one, or say what tells problems "
                "apart with --column problem_id=COLUMN"
            )
    return list(problems.values())
