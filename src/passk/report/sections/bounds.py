"""What unknown verdicts could change: pass@k if all of them were correct."""

from collections.abc import Iterable, Sequence

from passk.report.context import ReportContext
from passk.report.html.sourced_values import SourcedValue, cite, format_decimal
from passk.report.html.tables import Cells, HtmlTable
from passk.report.sections.section import Section


def tabulate_bounds(context: ReportContext, draws: Iterable[str], sets: Sequence[str]) -> HtmlTable:
    """Pass@k with unknown verdicts as not solved and as solved, at both ends of the grid."""
    rows: list[Cells] = []
    for draw in draws:
        for name in sets:
            for entry in context.ends(draw, name):
                key = {"draw": draw, "set": name, "k": entry["k"]}
                low, high = (
                    SourcedValue(format_decimal(entry[c]), entry[c], cite("pass_at_k", c, **key))
                    for c in ("pass_at_k", "bound_high")
                )
                rows.append(
                    [[context.styles[draw].label], [context.label(name)], [str(entry["k"])],
                     [low], [high]]
                )  # fmt: skip
    columns = ["Draw", "Set", "k", "Unknown as not solved", "Unknown as solved"]
    return HtmlTable(columns, rows, frozenset({0, 1}))


SECTION = Section(
    title="Bounds for unknown verdicts",
    caption=(
        "Time-outs, faults and truncations are unknown, not wrong. Headlines count unknown as not "
        "solved; beside it, pass@k if every unknown verdict were correct."
    ),
    reads=("pass_at_k",),
    tables=lambda context: [tabulate_bounds(context, context.curves, context.set_names)],
)
