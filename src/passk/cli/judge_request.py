"""What a command line asks `passk judge` for, and what it is told before any work."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from passk.data.judging_columns import EVALPLUS, Content, SampleColumns
from passk.data.judging_ids import QUESTION
from passk.data.judging_join import JoinedRows
from passk.data.judging_problems import ProblemFile
from passk.domains.domain import Domain
from passk.domains.settings import Verification


@dataclass(frozen=True)
class JudgeRequest:
    """What a command line asks for.

    Attributes:
        responses: file of responses.
        problems: file of problems; None: the responses hold them.
        domain: decides the judge.
        settings: of its judge.
        columns: named by kind; None: looked for by their usual names.
        source: the benchmark that `problems` is; None: as its digest says, else a table.
        any_digest: take another file than the published one for the source's.
        part: leave out responses whose problem is not there.
        free_form: leave out problems with answers to choose from.
        holds: what the column of responses holds; None: as its name says.
        missing: what a response that is null counts as: unknown, wrong, drop; None: an error.
    """

    responses: Path
    problems: Path | None
    domain: Domain
    settings: Verification
    columns: Mapping[str, str | None]
    source: str | None = None
    any_digest: bool = False
    part: bool = False
    free_form: bool = False
    holds: Content | None = None
    missing: str | None = None


def describe_columns(
    request: JudgeRequest,
    file: ProblemFile,
    joined: JoinedRows,
    columns: SampleColumns,
    answered: int,
) -> list[str]:
    """Which columns were chosen, and which rows and problems are left out.

    Args:
        request: what is asked for.
        file: of problems.
        joined: rows beside them.
        columns: of the responses.
        answered: problems that have a response; a row may hold an empty list.
    """
    response = columns.response or " or ".join(
        name for name in EVALPLUS if any(name in row.values for row in joined.rows)
    )
    if request.domain.tested and columns.response is not None:
        response += f" (a {columns.holds})"
    own = joined.key is None and joined.column == QUESTION
    of_samples = {
        "problem id": "none (the question tells problems apart)" if own else joined.column,
        "response": response,
        "recorded grade": columns.recorded_grade,
        "sample index": columns.sample_index,
        "finish reason": columns.finish_reason,
    }
    of_problems = {
        "problem id": joined.key,
        "question": file.columns.get("problem") if joined.key in {None, QUESTION} else None,
        "gold": file.columns.get("gold"),
        "tests": file.columns.get("tests"),
    }
    source = f" ({file.source})" if file.source else ""
    lines = [
        f"{request.responses}: {_list_columns(of_samples)}",
        f"{file.path}{source}: {_list_columns(of_problems)}",
    ]
    if request.problems is None:
        lines = [f"{request.responses}: {_list_columns(of_problems | of_samples)}"]
    if columns.recorded_grade is None and len(columns.possible_grades) > 1:
        possible = " or ".join(columns.possible_grades)
        lines.append(f"no recorded grade is taken: it may be {possible}; say --recorded-grade")
    if joined.left_out:
        total = joined.left_out + len(joined.rows)
        lines.append(f"left out: {joined.left_out} of {total} rows, of other problems")
    if joined.unanswered:
        total = len(joined.problems) + joined.unanswered
        lines.append(f"not answered: {joined.unanswered} of {total} problems")
    if empty := len(joined.problems) - answered:
        lines.append(f"without a response: {empty} of {len(joined.problems)} problems")
    return lines


def _list_columns(columns: Mapping[str, str | None]) -> str:
    return ", ".join(f"{kind} = {name}" for kind, name in columns.items() if name is not None)
