"""Pass@k at the smallest and the largest k, and the paper's numbers beside ours."""

from passk.report.context import ReportContext
from passk.report.html.intervals import interval
from passk.report.html.sourced_values import decimal
from passk.report.html.tables import NONE, Cells, HtmlTable, TableCell, without_empty

LARGEST_K = 128  # of the paper's tables, where a section names none


def endpoint_table(context: ReportContext, section: str, largest_k: int) -> HtmlTable:
    """Pass@k of a section's draws at the smallest and the largest k, set by set.

    Args:
        context: of the report.
        section: whose panel, and whose counterparts in the paper.
        largest_k: of the paper's table.
    """
    styles = context.styles_of(context.drawn(context.panel(section)))
    rows: list[Cells] = []
    for name in context.panel_sets(section):
        for draw, style in styles.items():
            ends = context.ends(draw, name)
            if len(ends) < 2:
                continue
            row: Cells = [[context.label(name)], [style.label]]
            for entry, k in zip(ends, (1, largest_k), strict=True):
                key = {"draw": draw, "set": name, "k": entry["k"]}
                value = interval("pass_at_k", "pass_at_k", entry, key)
                row.append([f"k = {entry['k']}: ", *value])
                row.append(_published(context, section, draw, name, f"pass_at_{k}"))
            rows.append(row)
    columns = [
        "Set", "Draw", "Smallest k", "Paper, k = 1", "Largest k", f"Paper, k = {largest_k}",
    ]  # fmt: skip
    return without_empty(HtmlTable(columns, rows, frozenset({0, 1})))


def _published(
    context: ReportContext, section: str, draw: str, name: str, column: str
) -> TableCell:
    """The paper's number of what stands for a draw and a set."""
    model, set_name = context.counterpart(section, draw), context.counterpart("sets", name)
    value = context.published.value(model, set_name, column)
    if value is None:
        return NONE
    return [f"{context.published.qualifier(model, set_name)} {decimal(value)}".strip()]
