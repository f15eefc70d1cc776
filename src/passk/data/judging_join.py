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
    missing_column,
    name_candidates,
)
from passk.data.value_paths import asked, has_value, value_at
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
) -> JoinedRows:
    """Rows beside the problems of another file.

    Args:
        rows: of responses.
        file: of problems.
        domain: of the problems.
        given: columns that are named: `problem_id` of the responses, `problems_id` of problems.
        part: leave out rows whose problem is not there.

    Raises:
        RecordedError: no row, or (unless `part`) not every row finds its problem, or several ways
            lead to different ones.
    """
    match = _choose_match(rows, file, given)
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
    if match.column == QUESTION:
        fact = f"{lost[0].place}: asks what no problem, or more than one, of {file.path} asks"
    else:
        name = name_at(lost[0], match.column)
        fact = f"{lost[0].place}: no problem with {match.column} {name!r} in {file.path}"
    if len(lost) < len(rows):
        return (
            f"{fact} ({len(lost)} of {len(rows)} rows); correct it, or leave out such rows with "
            "--part"
        )
    first = "" if match.key == QUESTION else name_at(file.problems[0].row, match.key)
    shown = f" (the first there has {match.key} {first!r})" if first else ""
    return (
        f"{fact}, and no other row finds its problem{shown}; are they of one benchmark? Name the "
        "columns of ids with --column problem_id=COLUMN and --problems-id COLUMN"
    )


def _choose_match(
    rows: Sequence[Row], file: ProblemFile, given: Mapping[str, str | None]
) -> _Match:
    """The way by which all rows find their problem, or else the most; by ids before questions."""
    table = [problem.row for problem in file.problems]
    stated = given.get("problems_id")
    if stated is not None and not any(has_value(row.values, stated) for row in table):
        raise missing_column("problems_id", table, stated)
    matches = [
        _match(rows, table, column, key, tier + other)
        for column, tier in id_columns(rows, given.get("problem_id"))
        for key, other in _keys(table, file, given)
        if _is_key(table, key)
    ]
    named = given.get("problem_id") is not None
    by_question = [] if named else _match_questions(rows, file, given)
    if not matches and not by_question:
        _refuse_repeated_keys(rows, table, file, given)
    # Ids that hardly mean anything else decide, where they lead to any problem at all.
    leading = [match for match in matches if match.found] or matches
    tier = min((match.tier for match in leading), default=0)
    best = [match for match in matches if match.tier == tier]
    if whole := [match for match in best if match.found == len(rows)]:
        _refuse_disagreeing(rows, file, [*whole, *by_question])
        return whole[0]
    if whole := [match for match in by_question if match.found == len(rows)]:
        return whole[0]
    return max([*best, *by_question], key=lambda match: match.found)


def _refuse_disagreeing(rows: Sequence[Row], file: ProblemFile, ways: Sequence[_Match]) -> None:
    """Raise RecordedError where two ways lead a row to different problems.

    So small numbers that happen to be in both files are not taken for ids, where questions are
    there and say otherwise.
    """
    first = ways[0]
    for other in ways[1:]:
        for row, ours, theirs in zip(rows, first.positions, other.positions, strict=True):
            if theirs is None or theirs == ours:
                continue
            assert ours is not None  # the first way finds a problem for every row
            raise RecordedError(
                f"{row.place}: {first.column} leads to {file.problems[ours].row.place} (by "
                f"{first.key}), {other.column} to {file.problems[theirs].row.place} (by "
                f"{other.key}); say which is meant with --column problem_id=COLUMN and "
                "--problems-id COLUMN"
            )


def _refuse_repeated_keys(
    rows: Sequence[Row],
    table: Sequence[Row],
    file: ProblemFile,
    given: Mapping[str, str | None],
) -> None:
    for key, _ in _keys(table, file, given):
        places: dict[str | None, str] = {}
        for row in table:
            name = name_at(row, key)
            if name in places:
                raise RecordedError(
                    f"{row.place}: {key} {name!r} stands in {places[name]} too; remove one, or "
                    "name another column of ids with --problems-id"
                )
            places[name] = row.place
    without = rows if not id_columns(rows, None) else table
    raise missing_column("problem_id", without)


def _keys(
    table: Sequence[Row], file: ProblemFile, given: Mapping[str, str | None]
) -> list[tuple[str, int]]:
    """Columns by which problems may be named."""
    if (stated := given.get("problems_id")) is not None:
        return [(stated, 0)]
    same = given.get("problem_id")
    if same is not None and all(has_value(row.values, same) for row in table):
        return [(same, 0)]
    named = [(NAME, 0)] if file.source is not None else []
    return named + id_columns(table, None)


def _is_key(table: Sequence[Row], key: str) -> bool:
    names = [name_at(row, key) for row in table]
    return None not in names and len(set(names)) == len(names)


def _match(rows: Sequence[Row], table: Sequence[Row], column: str, key: str, tier: int) -> _Match:
    positions = {name_at(row, key): index for index, row in enumerate(table)}
    return _Match(column, key, tier, tuple(positions.get(name_at(row, column)) for row in rows))


def _match_questions(
    rows: Sequence[Row], file: ProblemFile, given: Mapping[str, str | None]
) -> list[_Match]:
    """Rows beside problems that ask the same, where both say what they ask; at most one way.

    A question that several problems ask leads nowhere.
    """
    places: dict[str, list[int]] = {}
    for index, problem in enumerate(file.problems):
        if (question := question_of(problem, file)) is not None:
            places.setdefault(question, []).append(index)
    single = {question: at[0] for question, at in places.items() if len(at) == 1}
    named = given.get("problem")
    names = [named] if named is not None else name_candidates("problem", rows)
    ways = []
    for name in names:
        positions = tuple(single.get(_question_at(row, name) or "") for row in rows)
        ways.append(_Match(QUESTION, QUESTION, 0, positions))
    return [max(ways, key=lambda way: way.found)] if single and ways else []


def _question_at(row: Row, column: str) -> str | None:
    if not has_value(row.values, column):
        return None
    text = asked(value_at(row.values, column))
    return text if isinstance(text, str) else None


def _names(file: ProblemFile, key: str, domain: Domain) -> list[str]:
    """The names of a file's problems: their ids, or digests of what they ask."""
    table = [problem.row for problem in file.problems]
    if key == QUESTION:
        usable = [name for name, _ in _keys(table, file, {}) if _is_key(table, name)]
        if not usable:
            questions = [question_of(problem, file) or "" for problem in file.problems]
            return [problem_id(domain.name, question) for question in questions]
        key = usable[0]
    return [str(name_at(row, key)) for row in table]
