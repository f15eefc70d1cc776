"""Ids of problems in a file: the columns that may hold them, and ids as text."""

from collections.abc import Sequence

from passk.core.rows import Row
from passk.data.usual_columns import USUAL, find_column
from passk.data.value_paths import has_value, value_at

QUESTION = "its question"  # in place of a column of ids


def id_columns(rows: Sequence[Row], given: str | None) -> list[tuple[str, int]]:
    """Columns that may name the problem, and how far each is from a sure one."""
    if given is not None:
        find_column("problem_id", rows, given)
        return [(given, 0)]
    columns = {name for row in rows for name in row.values}
    usual = USUAL["problem_id"]
    return [(name, 0) for name in usual.sure if name in columns] + [
        (name, 1) for name in usual.likely if name in columns
    ]


def name_at(row: Row, column: str) -> str | None:
    """An id as text, or None."""
    if not has_value(row.values, column):
        return None
    return id_text(value_at(row.values, column))


def id_text(value: object) -> str | None:
    """An id as text; None where it is none.

    Example:
        >>> id_text(3.0), id_text("math/3"), id_text(" "), id_text(None), id_text(float("nan"))
        ('3', 'math/3', None, None, None)
    """
    if isinstance(value, float) and value.is_integer():  # as Excel and pandas write 7
        value = int(value)
    if value is None or isinstance(value, list | tuple | dict) or value != value:  # noqa: PLR0124
        return None
    return str(value).strip() or None
