"""Samples beside the problems that they answer, of a table or of a benchmark's published file."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from passk.core.rows import RecordedError, Row
from passk.data.judging_ids import QUESTION
from passk.data.judging_join import join_rows
from passk.data.judging_problems import JudgingProblem, ProblemFile
from passk.data.judging_references import read_reference
from passk.data.recorded_values import matches
from passk.data.responses import Holds
from passk.data.usual_columns import USUAL
from passk.data.value_paths import lookup
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.code.readers.references import with_expected
from passk.domains.code.settings import CodeJudgeSettings
from passk.domains.domain import Domain, JudgeSettings
from passk.logs.files import PLAIN, recognise
from passk.logs.format import FORMATS
from passk.logs.reader import read
from passk.logs.sample import LogSample
from passk.logs.side import ONE_SET, Key
from passk.logs.summary import LogReading, LogSummary

_ID, _ASKED = USUAL["problem_id"], USUAL["problem"]
_IDS = (*_ID.sure, *_ID.likely)
_QUESTIONS = (*_ASKED.sure, *_ASKED.likely)
Progress = Callable[[Iterable[LogSample]], Iterable[LogSample]]


@dataclass(frozen=True)
class AnsweredProblems:
    """Samples, and the problems that they answer.

    Attributes:
        samples: in the order of the files; set and problem are the key of theirs.
        problems: those that are answered, by key, in their own order.
        summary: what was read.
        key: the column of a file of problems by which they were joined, or QUESTION; None: the
            samples hold their problems.
        left_out: rows whose problem is not there.
        unanswered: problems without a row.
    """

    samples: list[LogSample]
    problems: dict[Key, JudgingProblem]
    summary: LogSummary
    key: str | None = None
    left_out: int = 0
    unanswered: int = 0


def key_of(sample: LogSample) -> Key:
    """Set and problem of a sample."""
    return sample.set or ONE_SET, sample.problem


def check_domain(paths: Sequence[Path], reading: LogReading, domain: Domain) -> None:
    """Raise RecordedError for a format whose responses another judge is for."""
    for path in paths:
        log_format = FORMATS[recognise(path, reading.format)[0]]
        if log_format.domain not in {"math", domain.name}:
            raise RecordedError(
                f"{path}: {log_format.title} needs the judge of another domain: --domain "
                f"{log_format.domain} --problems FILE"
            )


def read_answers(
    paths: Sequence[Path],
    reading: LogReading,
    file: ProblemFile,
    domain: Domain,
    *,
    problems_id: str | None = None,
    part: bool = False,
    progress: Progress = lambda samples: samples,
) -> AnsweredProblems:
    """The samples of one draw beside the problems of a file.

    Args:
        paths: of the samples, in their order.
        reading: how they are read.
        file: of the problems.
        domain: of the problems.
        problems_id: the file's column of ids; None: that by which samples find their problem.
        part: leave out samples whose problem is not there.
        progress: wraps the stream of samples.

    Raises:
        RecordedError: a row that cannot be read or whose problem is not there, or ids that lead to
            different problems.
    """
    check_domain(paths, reading, domain)
    reading = replace(
        reading,
        programs=domain.tested,
        fields={kind: at for kind, at in reading.fields.items() if kind != "reference"},
    )
    named = reading.fields.get("problem")
    if named is None:
        named = _choose_id(paths, reading, file, domain, problems_id, part=part)
    reading = _with_id(paths, reading, named)
    summary = LogSummary()
    samples = list(progress(read(paths, reading, summary)))
    sets = sorted({sample.set for sample in samples if sample.set is not None})
    if len(sets) > 1:
        raise RecordedError(
            f"{paths[0]}: holds the sets {', '.join(sets)}, and {file.path} one; choose a set by "
            "--where COLUMN=SET"
        )
    column = summary.columns.get("problem", QUESTION)
    by_question = column in {QUESTION, summary.columns.get("question")}
    key = column if column in _IDS else "problem_id"
    given = {"problem_id": None if named is None or by_question else key}
    starts, rows = _rows(samples, key)
    joined = join_rows(rows, file, domain, given | {"problems_id": problems_id}, part=part)
    names = dict(zip(map(id, joined.rows), joined.names, strict=True))
    kept = [
        sample._replace(set=None, problem=names[id(rows[start])], holds=holds_of(sample, domain))
        for sample, start in zip(samples, starts, strict=True)
        if id(rows[start]) in names
    ]
    problems = {(ONE_SET, name): problem for name, problem in joined.problems.items()}
    return AnsweredProblems(kept, problems, summary, joined.key, joined.left_out, joined.unanswered)


def holds_of(sample: LogSample, domain: Domain) -> Holds:
    """What a text is: only of programs is it anything but a response."""
    return sample.holds if domain.tested else "response"


def _rows(samples: Sequence[LogSample], key: str) -> tuple[list[int], list[Row]]:
    """A row for each row of the files, of what tells its problem; and the row of each sample."""
    rows: list[Row] = []
    starts = []
    last: tuple[str, str] | None = None
    for sample in samples:
        told = sample.place, sample.problem
        if told != last:
            last = told
            values = {"question": sample.question} if sample.question else {}
            if sample.problem != sample.question:
                values[key] = sample.problem
            rows.append(Row(sample.place, values))
        starts.append(len(rows) - 1)
    return starts, rows


def _choose_id(
    paths: Sequence[Path],
    reading: LogReading,
    file: ProblemFile,
    domain: Domain,
    problems_id: str | None,
    *,
    part: bool,
) -> str | None:
    """Of several columns of a table that may name problems, that by which its rows find theirs.

    Returns:
        The column, or QUESTION; None where there is nothing to choose.
    """
    if any(recognise(path, reading.format)[0] != PLAIN for path in paths):
        return None
    start = next(FORMATS[PLAIN].rows(paths[0])).values
    if sum(name in start for name in _IDS) < 2:
        return None
    rows = [
        Row(row.place, {name: row.values[name] for name in _wanted(row, reading)})
        for row in _where(paths, reading)
    ]
    given = {"problem": reading.fields.get("question"), "problems_id": problems_id}
    return join_rows(rows, file, domain, given, part=part).column


def _wanted(row: Row, reading: LogReading) -> list[str]:
    names = (*_IDS, *_QUESTIONS, reading.fields.get("question"))
    return [name for name in names if name in row.values]


def _where(paths: Sequence[Path], reading: LogReading) -> Iterator[Row]:
    for path in paths:
        for row in FORMATS[PLAIN].rows(path):
            if all(matches(lookup(row.values, at), v) for at, v in reading.where.items()):
                yield row


def _with_id(paths: Sequence[Path], reading: LogReading, column: str | None) -> LogReading:
    """The reading with the column that tells problems apart, which may be the question's own."""
    if column is None:
        return reading
    if column == QUESTION:
        start = next(FORMATS[PLAIN].rows(paths[0])).values
        usual = next((name for name in _QUESTIONS if name in start), _QUESTIONS[0])
        column = reading.fields.get("question", usual)
    fields = {**reading.fields, "problem": column}
    if column in _QUESTIONS:
        fields["question"] = column
    return replace(reading, fields=fields)


def complete(
    problems: Mapping[Key, JudgingProblem], file: ProblemFile | None, settings: JudgeSettings
) -> dict[Key, JudgingProblem]:
    """Answered problems with what they are judged by: right answers, or tests with their outputs.

    Raises:
        RecordedError: no right answer, or tests that cannot be read.
        SandboxError: reference solutions cannot run on this machine.
    """
    if file is None:
        return dict(problems)
    asked = [problem.benchmark for problem in problems.values() if problem.benchmark]
    if any(problem.tests is not None for problem in asked):
        code = settings.section(CodeJudgeSettings)
        asked = with_expected(asked, code.options(), workers=code.workers)
    tested = {problem.name: problem for problem in asked}
    return {
        key: read_reference(_with_tests(problem, tested), key[1], file)
        for key, problem in problems.items()
    }


def _with_tests(problem: JudgingProblem, tested: Mapping[str, BenchmarkProblem]) -> JudgingProblem:
    if problem.benchmark is None:
        return problem
    return replace(problem, benchmark=tested[problem.benchmark.name])
