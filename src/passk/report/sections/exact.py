"""Exact pass@k, from every response that a model can draw (the paper's Figure 1, left)."""

from collections.abc import Iterable

from passk.report.context import ReportContext
from passk.report.html.sourced_values import Part, SourcedValue, ValueSource, cite, format_decimal
from passk.report.html.tables import Cells, HtmlTable
from passk.report.sections.pass_at_k import chart_curves
from passk.report.sections.section import PaperFigure, Section


def tabulate_limits(context: ReportContext, sets: Iterable[str]) -> HtmlTable:
    """The limit of each curve, beside what its samples reached and what is exact there."""
    rows: list[Cells] = []
    for name in sets:
        for draw in context.curves:
            exact = {int(row["k"]): row for row in context.rows("exact", draw=draw, set=name)}
            ends = context.ends(draw, name)
            if not exact or not ends:
                continue
            last = ends[-1]
            key = {"draw": draw, "set": name, "k": last["k"]}
            sampled = cite("pass_at_k", "pass_at_k", **key)
            row: Cells = [[context.label(name)], [context.styles[draw].label], [str(last["k"])]]
            row.append([_decimal(last["pass_at_k"], sampled)])
            row.append([_decimal(exact[last["k"]]["pass_at_k"], cite("exact", "pass_at_k", **key))])
            row.append([_decimal(exact[last["k"]]["limit"], cite("exact", "limit", **key))])
            rows.append(row)
    columns = ["Set", "Draw", "k", "pass@k of samples", "Exact", "Limit for k without end"]
    return HtmlTable(columns, rows, frozenset({0, 1}))


def _decimal(value: float, source: ValueSource) -> Part:
    return SourcedValue(format_decimal(value), value, source)


SECTION = Section(
    title="Exact, and for every k",
    caption=(
        "Every response that a model can draw with this decoding was expanded and judged, so that "
        "pass@k is known at every k, without samples. The limit is the share of problems to which "
        "some response is right: a nucleus cuts the others off for good. The samples of the study "
        "were held against these chances, and fit."
    ),
    reads=("exact", "pass_at_k"),
    paper=PaperFigure(where="Figure 1, left (search trees, drawn there as an illustration)"),
    charts=lambda context: chart_curves(
        context, "exact", context.curve_styles, context.set_names, "exact"
    ),
    tables=lambda context: [tabulate_limits(context, context.set_names)],
)
