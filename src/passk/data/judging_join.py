"""Which problem each row of responses answers, by the ids that people gave them.

A given id is kept as it stands. Of several columns that may be ids, those are taken by which all
rows find their problem; if these lead to different problems, the reader has to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from passk.core.ids import problem_id
from passk.core.rows import RecordedError, Row
from passk.data.judging_ids import QUESTION, id_columns, name_at
from passk.data.judging_problems import NAME, JudgingProblem, ProblemFile, question_of
from passk.data.usual_columns import (
    Option,
    flag,
    missing_column,
    name_candidates,
)
from passk.data.value_paths import has_value, message_text, value_at
from passk.domains.domain import Domain


@dataclass(frozen=True)
class JoinedRows:
    """Rows of responses beside the problems that they answer.

    Attributes:
        rows: of responses, in their order, without those that are left out.
        names: of each row's problem.
        problems: by name, those that are answered, in their own order.
        column: of the responses that names the problem, or QUESTION.
        key: of the problems, likewise; None: the responses hold them.
        left_out: rows whose problem is not there.
        unanswered: problems without a row.
    """

    rows: list[Row]
    names: list[str]
    problems: dict[str, JudgingProblem]
    column: str
    key: str | None
    left_out: int = 0
    unanswered: int = 0


class _Match(NamedTuple):
    """A way to join: a column of responses, one of problems, and where each row leads."""

    column: str
    key: str
    tier: int
    positions: tuple[int | None, ...]

    @property
    def found(self) -> int:
        return sum(position is not None for position in self.positions)


def join_rows(
    rows: Sequence[Row],
    file: ProblemFile,
    domain: Domain,
    given: Mapping[str, str | None],
    *,
    part: bool = False,
    option: Option = flag,
) -> JoinedRows:
    """Rows beside the problems of another file.

    Args:
        rows: of responses.
        file: of problems.
        domain: of the problems.
        given: columns that are named: `problem_id` of the responses, `problems_id` of problems.
        part: leave out rows whose problem is not there.
        option: how a user names a column, for messages.

    Raises:
        RecordedError: no row, or (unless `part`) not every row finds its problem, or several ways
            lead to different ones.
    """
    match = _choose_match(rows, file, given, option)
    names = _names(file, match.key, domain)
    lost = [row for row, at in zip(rows, match.positions, strict=True) if at is None]
    if lost and (not part or len(lost) == len(rows)):
        raise RecordedError(_describe_lost(lost, rows, file, match))
    kept = [(row, at) for row, at in zip(rows, match.positions, strict=True) if at is not None]
    answered = sorted({at for _, at in kept})
    return JoinedRows(
        rows=[row for row, _ in kept],
        names=[names[at] for _, at in kept],
        problems={names[at]: file.problems[at] for at in answered},
        column=match.column,
        key=match.key,
        left_out=len(lost),
        unanswered=len(file.problems) - len(answered),
    )


def _describe_lost(
    lost: Sequence[Row], rows: Sequence[Row], file: ProblemFile, match: _Match
) -> str:
    shown = f"{match.column} {_id_or_question(lost[0], match.column)!r}"
    first = file.problems[0].row
    if len(lost) == len(rows):
        return (
            f"{lost[0].place}: no problem with {shown} in {file.path}, and no other row finds its "
            f"problem (the first there has {match.key} "
            f"{_id_or_question(first, match.key)!r}); are they of one benchmark? Name "
            "the columns of ids with --problem-id and --problems-id"
        )
    return (
        f"{lost[0].place}: no problem with {shown} in {file.path} ({len(lost)} of {len(rows)} "
        "rows); correct it, or leave out such rows with --part"
    )


def _id_or_question(row: Row, column: str) -> str:
    text = name_at(row, column) if column != QUESTION else None
    return str(text)[:60]


def _choose_match(
    rows: Sequence[Row], file: ProblemFile, given: Mapping[str, str | None], option: Option
) -> _Match:
    table = [problem.row for problem in file.problems]
    matches = [
        _match(rows, table, column, key, tier + other)
        for column, tier in id_columns(rows, given.get("problem_id"), option)
        for key, other in _keys(table, file, given, option)
        if _is_key(table, key)
    ]
    whole = [match for match in matches if match.found == len(rows)]
    if given.get("problem_id") is None and not whole:
        matches += _match_questions(rows, file, given, option)
        whole = [match for match in matches if match.found == len(rows)]
    if not matches:
        _refuse_repeated_keys(rows, table, file, given, option)
    best = min((match.tier for match in whole), default=0)
    ways = [match for match in whole if match.tier == best]
    for other in ways[1:]:
        if other.positions != ways[0].positions:
            raise RecordedError(
                f"{rows[0].place}: the problem's id may be {ways[0].column!r} or "
                f"{other.column!r} (in {file.path}: {ways[0].key!r} or {other.key!r}), which lead "
                "to different problems; say which with --problem-id and --problems-id"
            )
    return ways[0] if ways else max(matches, key=lambda match: (match.found, -match.tier))


def _refuse_repeated_keys(
    rows: Sequence[Row],
    table: Sequence[Row],
    file: ProblemFile,
    given: Mapping[str, str | None],
    option: Option,
) -> None:
    for key, _ in _keys(table, file, given, option):
        places: dict[str | None, str] = {}
        for row in table:
            name = name_at(row, key)
            if name in places:
                raise RecordedError(
                    f"{row.place}: {key} {name!r} stands in {places[name]} too; remove one, or "
                    "name another column of ids with --problems-id"
                )
            places[name] = row.place
    without = rows if not id_columns(rows, None, option) else table
    raise missing_column("problem_id", without, option=option)


def _keys(
    table: Sequence[Row], file: ProblemFile, given: Mapping[str, str | None], option: Option
) -> list[tuple[str, int]]:
    """Columns by which problems may be named."""
    if (stated := given.get("problems_id")) is not None:
        if not any(has_value(row.values, stated) for row in table):
            raise missing_column("problems_id", table, stated, option)
        return [(stated, 0)]
    same = given.get("problem_id")
    if same is not None and all(has_value(row.values, same) for row in table):
        return [(same, 0)]
    named = [(NAME, 0)] if file.source is not None else []
    return named + id_columns(table, None, option)


def _is_key(table: Sequence[Row], key: str) -> bool:
    names = [name_at(row, key) for row in table]
    return None not in names and len(set(names)) == len(names)


def _match(rows: Sequence[Row], table: Sequence[Row], column: str, key: str, tier: int) -> _Match:
    positions = {name_at(row, key): index for index, row in enumerate(table)}
    return _Match(column, key, tier, tuple(positions.get(name_at(row, column)) for row in rows))


def _match_questions(
    rows: Sequence[Row], file: ProblemFile, given: Mapping[str, str | None], option: Option
) -> list[_Match]:
    """Rows beside problems that ask the same, where both say what they ask."""
    table: dict[str | None, int] = {}
    for index, problem in enumerate(file.problems):
        question = question_of(problem, file)
        if question is None or question in table:
            return []
        table[question] = index
    if given.get("problem") is None and not name_candidates("problem", rows):
        return []
    names = [given["problem"]] if given.get("problem") else name_candidates("problem", rows)
    matches = []
    for name in names:
        questions = [_question_at(row, str(name)) for row in rows]
        positions = tuple(table.get(question) for question in questions)
        matches.append(_Match(QUESTION, QUESTION, 9, positions))
    return matches


def _question_at(row: Row, column: str) -> str | None:
    if not has_value(row.values, column):
        return None
    text = message_text(value_at(row.values, column), "user")
    return text if isinstance(text, str) else None


def _names(file: ProblemFile, key: str, domain: Domain) -> list[str]:
    """The names of a file's problems: their ids, or digests of what they ask."""
    table = [problem.row for problem in file.problems]
    if key == QUESTION:
        usable = [name for name, _ in _keys(table, file, {}, flag) if _is_key(table, name)]
        if not usable:
            questions = [question_of(problem, file) or "" for problem in file.problems]
            return [problem_id(domain.name, question) for question in questions]
        key = usable[0]
    return [str(name_at(row, key)) for row in table]
