"""RL - base by k, and where the curves cross."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from passk.analysis.questions.tracing import ResultRow
from passk.analysis.settings import Comparison
from passk.report.charts import axes, panels
from passk.report.charts.axes import PanelFrame
from passk.report.charts.chart import Chart
from passk.report.charts.series_style import LINES, MARKERS, SeriesStyle
from passk.report.claims.ends import describe_at_n, find_ends
from passk.report.context import ReportContext, sort_rows
from passk.report.html.intervals import format_crossing, format_interval
from passk.report.html.sourced_values import bound_shares
from passk.report.html.tables import NONE, Cells, HtmlTable
from passk.report.sections.section import PaperFigure, Section

_AT = ("smallest k", "k up to n/4", "largest k")
_BESIDE = ("Solved at k = n", "Crossover")


def chart_differences(
    context: ReportContext,
    name: str,
    comparisons: Mapping[str, Comparison],
    styles: Mapping[str, SeriesStyle],
    set_names: Sequence[str],
) -> Iterator[Chart]:
    """RL - base of several comparisons with their crossover.

    Args:
        context: of the report.
        name: of the chart.
        comparisons: to show.
        styles: of their draws.
        set_names: a panel each.
    """
    comparison_styles = style_comparisons(context, comparisons, styles)
    sets, table = context.select("difference", comparison_styles, set_names)
    if not sets or table["k"].n_unique() < 2:
        return
    span = axes.find_span(table)
    crossings = context.results.get("crossover")
    yield Chart(
        name,
        sets,
        comparison_styles,
        lambda key: panels.draw_difference(
            table, crossings, comparison_styles, PanelFrame(key, sets[key], context.size, span)
        ),
    )


def style_comparisons(
    context: ReportContext, comparisons: Mapping[str, Comparison], styles: Mapping[str, SeriesStyle]
) -> dict[str, SeriesStyle]:
    """A comparison's style: that of its RL draw, with a line of its own to tell it from others."""
    return {
        name: replace(
            styles[comparison.candidate],
            label=context.comparison_label(name, comparisons),
            line=LINES[i % len(LINES)],
            marker=MARKERS[i % len(MARKERS)],
        )
        for i, (name, comparison) in enumerate(comparisons.items())
    }


def tabulate_crossovers(context: ReportContext) -> HtmlTable:
    """The crossover, and the difference at both ends, per main comparison and set."""
    rows = []
    for comparison, name, points in context.comparisons_and_sets("difference"):
        row: Cells = [
            [context.comparison_label(comparison, context.comparisons)],
            [context.label(name)],
        ]
        rows.append([*row, *_compared(context, comparison, name, points)])
    difference = context.roles.fill("{trained} − {base}")
    columns = ["Comparison", "Set", *(f"{difference}, {at}" for at in _AT), *_BESIDE]
    return HtmlTable(columns, rows, frozenset({0, 1, 5, 6}))


def tabulate_differences(
    context: ReportContext, comparisons: Iterable[str], sets: Sequence[str]
) -> HtmlTable:
    """The same for the comparisons of a section, those of one set below each other."""
    rows = []
    by_set = sorted(
        context.by_comparison("difference", comparisons, sets),
        key=lambda entry: sets.index(entry[1]),
    )
    for comparison, name, points in by_set:
        row: Cells = [[context.label(name)], [context.versus(comparison)]]
        rows.append([*row, *_compared(context, comparison, name, points)])
    columns = ["Set", "Comparison", *(f"Difference, {at}" for at in _AT), *_BESIDE]
    return HtmlTable(columns, rows, frozenset({0, 1, 5, 6}))


def _compared(
    context: ReportContext, comparison: str, name: str, rows: Sequence[ResultRow]
) -> Cells:
    """Differences at small, judged and largest k, McNemar's test at k = n, and the crossover."""
    points = sort_rows(rows, "k")
    judged = find_ends(points)
    shown = [points[0], judged.large if judged else None, points[-1]]
    cells: Cells = []
    for row in shown:
        if row is None:
            cells.append(NONE)
            continue
        key = {"comparison": comparison, "set": name, "k": row["k"]}
        value = format_interval("difference", "difference", row, key, signed=True)
        cells.append([f"k = {row['k']}: ", *value])
    cells.append(describe_at_n(points[-1]))
    crossing = context.row("crossover", comparison=comparison, set=name)
    crossed = format_crossing(crossing, points[-1]["n"]) if crossing else ["–"]
    return [*cells, bound_shares(crossed, context.analysis.bootstrap.resamples)]


SECTION = Section(
    title="Difference and crossover",
    caption=(
        "{trained} − {base} in pass@k, paired by problem, with pointwise {level} intervals (at "
        "each k by itself), which are too narrow past k = n/4, where few problems differ; at k = n "
        "McNemar's exact test (mid-p, two-sided) of the problems that one of both alone solves "
        "stands in the table. Above 0 {trained} solves more. A dotted vertical line marks the k "
        "past which {trained} is never ahead again, found on every whole k."
    ),
    reads=("pass_at_k", "difference", "crossover"),
    paper=PaperFigure(
        where="Figures 2 and 9 (later version Figures 2 and 10)",
    ),
    charts=lambda context: chart_differences(
        context, "difference", context.comparisons, context.styles, context.set_names
    ),
    tables=lambda context: [tabulate_crossovers(context)],
)
