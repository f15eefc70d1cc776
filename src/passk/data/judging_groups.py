"""Rows that hold their problem beside their responses, grouped by problem.

A problem is named by its id where the file has one, else by the digest of its question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from passk.core.ids import problem_id
from passk.core.rows import RecordedError, Row
from passk.data.judging_ids import QUESTION, id_columns, name_at
from passk.data.judging_join import JoinedRows
from passk.data.judging_problems import JudgingProblem, ProblemFile, question_of
from passk.data.usual_columns import (
    Option,
    ambiguous,
    cell_of,
    find_column,
    flag,
    missing_column,
    tell_apart_alike,
)
from passk.data.value_paths import has_value, value_at
from passk.domains.domain import Domain


def group_rows(
    rows: Sequence[Row],
    file: ProblemFile,
    domain: Domain,
    given: Mapping[str, str | None],
    option: Option = flag,
) -> JoinedRows:
    """Rows that hold their problems beside their responses, grouped by problem.

    Args:
        rows: of the file.
        file: the same rows as problems.
        domain: of the problems.
        given: columns that are named.
        option: how a user names a column, for messages.

    Raises:
        RecordedError: no column tells problems apart, or it is not clear whether one does; one
            problem with several gold answers or tests.
    """
    column = _own_id(rows, file, given, option)
    if column == QUESTION:
        names = [problem_id(domain.name, _question(problem, file)) for problem in file.problems]
    else:
        names = [_own_name(row, column, option) for row in rows]
    problems: dict[str, JudgingProblem] = {}
    gold = file.columns.get("gold") or file.columns["tests"]
    for row, name, problem in zip(rows, names, file.problems, strict=True):
        first = problems.setdefault(name, replace(problem, position=len(problems)))
        theirs, ours = (_shown_gold(entry, gold, option) for entry in (first.row, row))
        if theirs != ours:
            raise RecordedError(
                f"{row.place}: problem {name!r} has {gold} {ours[:60]!r}, but "
                f"{theirs[:60]!r} in {first.row.place}; correct one, or say what tells "
                f"problems apart with {option('problem_id')}"
            )
    return JoinedRows(list(rows), names, problems, column, None)


def _shown_gold(row: Row, column: str, option: Option) -> str:
    """A gold answer, or tests, as text: 2 and 2.0 are the same."""
    gold = cell_of(row, column, "gold", option)
    return str(int(gold)) if isinstance(gold, float) and gold.is_integer() else str(gold).strip()


def _own_name(row: Row, column: str, option: Option) -> str:
    if (name := name_at(row, column)) is None:
        shown = value_at(row.values, column) if has_value(row.values, column) else "missing"
        raise RecordedError(
            f"{row.place}: {column!r} is {shown!r}; expected the problem's id. Name another "
            f"column with {option('problem_id')}"
        )
    return name


def _question(problem: JudgingProblem, file: ProblemFile) -> str:
    question = question_of(problem, file)
    if question is None or not question.strip():
        raise RecordedError(f"{problem.row.place}: question is {question!r}; expected text")
    return question


def _own_id(
    rows: Sequence[Row], file: ProblemFile, given: Mapping[str, str | None], option: Option
) -> str:
    """The column that tells problems apart in a file that holds them, or QUESTION."""
    if (stated := given.get("problem_id")) is not None:
        find_column("problem_id", rows, stated, option=option)
        return QUESTION if stated == file.columns.get("problem") else stated
    columns = id_columns(rows, None, option)
    sure = [name for name, tier in columns if tier == 0]
    if sure:
        return _agreed(sure, rows, option)
    likely = [name for name, _ in columns if all(name_at(row, name) is not None for row in rows)]
    if "problem" not in file.columns:
        if not likely:
            raise missing_column("problem", rows, option=option)
        return _agreed(likely, rows, option)
    questions = [question_of(problem, file) for problem in file.problems]
    for name in likely:
        ids = [name_at(row, name) for row in rows]
        pairs = set(zip(ids, questions, strict=True))
        if len(pairs) > len(set(ids)):
            continue  # one id, several questions: it names something else
        if len(pairs) > len(set(questions)):
            raise RecordedError(_describe_unclear(file, questions, ids, name, option))
        return name
    return QUESTION


def _agreed(names: Sequence[str], rows: Sequence[Row], option: Option) -> str:
    """The first of columns that tell problems apart alike."""
    first = [name_at(row, names[0]) for row in rows]
    for name in names[1:]:
        if not tell_apart_alike(first, [name_at(row, name) for row in rows]):
            raise ambiguous("problem_id", rows[0], [names[0], name], option)
    return names[0]


def _describe_unclear(
    file: ProblemFile,
    questions: Sequence[str | None],
    ids: Sequence[str | None],
    name: str,
    option: Option,
) -> str:
    """Two rows that ask the same under two ids: repeated questions, or samples of one problem."""
    first: dict[str | None, int] = {}
    for number, question in enumerate(questions):
        before = first.setdefault(question, number)
        if ids[before] != ids[number]:
            break
    row, other = file.problems[number].row, file.problems[before].row
    return (
        f"{row.place}: asks what {other.place} asks, and {name!r} is {ids[number]!r} here and "
        f"{ids[before]!r} there. If it names the problem, say {option('problem_id')} {name}; if "
        f"it numbers the samples, {option('problem_id')} {file.columns['problem']}"
    )
