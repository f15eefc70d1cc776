"""Tables of the page: rows of cells, each number with its source."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from passk.analysis.questions.tracing import ResultRow
from passk.report.html.intervals import format_interval
from passk.report.html.sourced_values import Part

TableCell = Sequence[Part]  # a sentence
Cells = list[TableCell]  # a row
NONE: TableCell = ["–"]


@dataclass(frozen=True)
class HtmlTable:
    """A table as it is shown.

    Attributes:
        columns: headings.
        rows: a cell per column.
        wide: columns that stand left and may wrap (words rather than numbers).
        details: (summary, text) pairs to unfold below the table.
        folded: a summary behind which the table itself is folded.
        title, caption: above the table, where it needs more than its section says.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[TableCell]]
    wide: frozenset[int] = frozenset({0})
    details: Sequence[tuple[str, str]] = field(default_factory=tuple)
    folded: str = ""
    title: str = ""
    caption: str = ""


def format_point(row: ResultRow | None, draw: str, name: str) -> TableCell:
    """A point of a curve with its interval, or a dash where there is none."""
    if row is None:
        return ["–"]
    return format_interval(
        "pass_at_k", "pass_at_k", row, {"draw": draw, "set": name, "k": row["k"]}
    )


def drop_empty_columns(table: HtmlTable) -> HtmlTable:
    """The table without the columns in which every cell is `NONE`."""
    kept = [i for i in range(len(table.columns)) if any(row[i] is not NONE for row in table.rows)]
    return replace(
        table,
        columns=[table.columns[i] for i in kept],
        rows=[[row[i] for i in kept] for row in table.rows],
    )
