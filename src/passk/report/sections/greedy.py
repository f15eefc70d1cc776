"""Greedy accuracy beside pass@1 of the same model's sampled draw."""

from collections.abc import Sequence

from passk.report.context import ReportContext
from passk.report.html.intervals import format_interval
from passk.report.html.tables import Cells, HtmlTable, format_point
from passk.report.sections.section import Section


def tabulate_greedy(context: ReportContext, sets: Sequence[str]) -> HtmlTable:
    """Greedy accuracy and pass@1, set by set."""
    rows = []
    for name in sets:
        for entry in context.rows("greedy", set=name):
            draw = entry["draw"]
            if draw not in context.draws:
                continue
            key = {"draw": draw, "set": name}
            row: Cells = [[context.styles[draw].label], [context.label(name)]]
            row.append(format_interval("greedy", "accuracy", entry, key))
            sampled = [
                (other, points)
                for other in context.draws
                if context.draws[other].model == entry["model"]
                and (points := context.row("pass_at_k", draw=other, set=name, k=1)) is not None
            ]
            row.append(format_point(sampled[0][1], sampled[0][0], name) if sampled else ["–"])
            rows.append(row)
    return HtmlTable(["Greedy draw", "Set", "Greedy accuracy", "pass@1"], rows, frozenset({0, 1}))


SECTION = Section(
    title="Greedy decoding beside pass@1",
    caption=(
        "One answer at temperature 0 (Wilson intervals, {level}) beside the mean over samples of "
        "the same model."
    ),
    reads=("greedy", "pass_at_k"),
    tables=lambda context: [tabulate_greedy(context, context.set_names)],
)
