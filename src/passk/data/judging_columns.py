"""Which columns of a file of responses hold what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from passk.core.rows import RecordedError, Row
from passk.data.imported import recorded_grade
from passk.data.usual_columns import (
    COMPLETIONS,
    PROGRAMS,
    Option,
    find_column,
    flag,
    missing_column,
    name_candidates,
)

Content = Literal["response", "program", "completion"]
EVALPLUS = ("solution", "completion")  # in the order in which evalplus takes them


@dataclass(frozen=True)
class SampleColumns:
    """What a file of responses calls its columns.

    Attributes:
        response: of the response; None: `solution` or `completion`, row by row.
        recorded_grade: of somebody's grade, if any.
        sample_index: of the sample's number; None: order in the file.
        finish_reason: of why it ended, if any.
        holds: what the response's column holds.
        possible_grades: columns that hold grades, of which none is taken if they differ.
    """

    response: str | None
    recorded_grade: str | None
    sample_index: str | None
    finish_reason: str | None
    holds: Content
    possible_grades: tuple[str, ...] = ()


def find_sample_columns(
    rows: Sequence[Row],
    given: Mapping[str, str | None],
    *,
    programs: bool,
    holds: Content | None = None,
    option: Option = flag,
) -> SampleColumns:
    """The columns of a file of responses, as given, or by their usual names.

    Args:
        rows: of the file.
        given: columns that are named, by kind.
        programs: whether responses are programs.
        holds: what the response's column holds; None: as its name says.
        option: how a user names a column, for messages.

    Raises:
        RecordedError: no column of responses, or several; one that is named is not there.
    """
    response = given.get("response")
    evalplus = response is None and programs and _is_evalplus(rows)
    if not evalplus:
        response = find_column("response", rows, response, programs=programs, option=option)
        if response is None:
            raise missing_column("response", rows, option=option)
    grade = (
        find_column("recorded_grade", rows, given.get("recorded_grade"), option=option)
        if given.get("recorded_grade")
        else None
    )
    grades = _find_grades(rows) if grade is None else []
    return SampleColumns(
        response=None if evalplus else response,
        recorded_grade=grade or _choose_grade(rows, grades),
        sample_index=find_column("sample_index", rows, given.get("sample_index"), option=option),
        finish_reason=find_column("finish_reason", rows, given.get("finish_reason"), option=option),
        holds=holds or content_of(response, programs=programs),
        possible_grades=tuple(grades),
    )


def _is_evalplus(rows: Sequence[Row]) -> bool:
    """Whether rows have evalplus's columns, and no row both those and others of responses."""
    return any(column in row.values for row in rows for column in EVALPLUS) and not any(
        _other_responses(row) for row in rows if set(EVALPLUS) & row.values.keys()
    )


def _other_responses(row: Row) -> bool:
    return bool(set(name_candidates("response", [row], programs=True)) - set(EVALPLUS))


def content_of(column: str | None, *, programs: bool) -> Content:
    """What a column holds, by its name."""
    if not programs or column is None:
        return "response"
    return (
        "program" if column in PROGRAMS else "completion" if column in COMPLETIONS else "response"
    )


def _find_grades(rows: Sequence[Row]) -> list[str]:
    """Columns by the usual names of grades whose values are grades."""
    return [name for name in name_candidates("recorded_grade", rows) if _holds_grades(rows, name)]


def _choose_grade(rows: Sequence[Row], columns: Sequence[str]) -> str | None:
    """A column of grades, if it is alone, or all say the same."""
    values = {tuple(repr(row.values.get(name)) for row in rows) for name in columns}
    return columns[0] if len(values) == 1 else None


def _holds_grades(rows: Sequence[Row], column: str) -> bool:
    try:
        for row in rows:
            for value in list_entries(row.values.get(column)):
                recorded_grade(blank_is_null(value), row.place)
    except RecordedError:
        return False
    return True


def list_entries(value: object) -> list[object]:
    """The entries of a list; any other value is the only one."""
    return list(value) if isinstance(value, list | tuple) else [value]


def blank_is_null(value: object) -> object:
    """The value, but null where nothing stands in a cell of text."""
    return None if isinstance(value, str) and not value.strip() else value
