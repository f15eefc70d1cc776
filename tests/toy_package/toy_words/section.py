"""Problems solved at least once, comparison by comparison."""

from passk.report.context import ReportContext
from passk.report.html.sourced_values import SourcedValue, source
from passk.report.html.tables import NONE, Cells, HtmlTable, TableCell
from passk.report.sections.section import PaperFigure, Section


def solved_table(context: ReportContext) -> HtmlTable:
    """A row per comparison and set, each number with its source."""
    rows: list[Cells] = []
    for name, comparison in context.panel("solved").items():
        for set_name in context.panel_sets("solved"):
            cells = [
                _solved(context, draw, set_name)
                for draw in (comparison.reference, comparison.candidate)
            ]
            rows.append([[context.label(name)], [context.label(set_name)], *cells])
    return HtmlTable(["Comparison", "Set", "Base solves", "RL solves"], rows, frozenset({0, 1}))


def _solved(context: ReportContext, draw: str, set_name: str) -> TableCell:
    """Problems that a draw solves; a dash where it was not sampled."""
    row = context.row("solved", draw=draw, set=set_name)
    if row is None:
        return NONE
    key = source("solved", "solved", draw=draw, set=set_name)
    return [SourcedValue(str(row["solved"]), row["solved"], key), f" of {row['problems']}"]


SECTION = Section(
    title="Problems solved at least once",
    caption="Problems of which at least one sample is correct; no interval.",
    reads=("solved",),
    paper=PaperFigure(where="Table 2"),
    tables=lambda context: [solved_table(context)],
    compares=True,
)
