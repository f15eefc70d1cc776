"""RL - base by k, and where the curves cross."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from passk.analysis.settings import Comparison
from passk.report.charts import axes, panels
from passk.report.charts.axes import PanelFrame
from passk.report.charts.chart import Chart
from passk.report.charts.series_style import LINES, MARKERS, SeriesStyle
from passk.report.context import ReportContext, ordered
from passk.report.html.intervals import crossing_parts, interval
from passk.report.html.sourced_values import shares_of_resamples
from passk.report.html.tables import Cells, HtmlTable
from passk.report.sections.section import PaperFigure, Section


def difference_charts(
    context: ReportContext,
    name: str,
    pairs: Mapping[str, Comparison],
    styles: Mapping[str, SeriesStyle],
    set_names: Sequence[str],
) -> Iterator[Chart]:
    """RL - base of several pairs with their crossover.

    Args:
        context: of the report.
        name: of the chart.
        pairs: to show.
        styles: of their draws.
        set_names: a panel each.
    """
    of_pairs = pair_styles(context, pairs, styles)
    sets, table = context.select("difference", of_pairs, set_names)
    if not sets or table["k"].n_unique() < 2:
        return
    span = axes.span_of(table)
    crossings = context.results.get("crossover")
    yield Chart(
        name,
        sets,
        of_pairs,
        lambda key: panels.draw_difference(
            table, crossings, of_pairs, PanelFrame(key, sets[key], context.size, span)
        ),
    )


def pair_styles(
    context: ReportContext, pairs: Mapping[str, Comparison], styles: Mapping[str, SeriesStyle]
) -> dict[str, SeriesStyle]:
    """A pair's style is its RL draw's; a line of its own tells pairs of one RL draw apart."""
    return {
        name: replace(
            styles[pair.candidate],
            label=context.pair_label(name, pairs),
            line=LINES[i % len(LINES)],
            marker=MARKERS[i % len(MARKERS)],
        )
        for i, (name, pair) in enumerate(pairs.items())
    }


def crossover_table(context: ReportContext) -> HtmlTable:
    """The crossover, and the difference at both ends, per main pair and set."""
    rows = []
    for pair, name, points in context.pairs_and_sets("difference"):
        row: Cells = [[context.pair_label(pair, context.comparisons)], [context.label(name)]]
        rows.append([*row, *_compared(context, pair, name, points)])
    columns = ["Pair", "Set", "RL − base, smallest k", "RL − base, largest k", "Crossover"]
    return HtmlTable(columns, rows, frozenset({0, 1, 4}))


def comparison_table(
    context: ReportContext, pairs: Iterable[str], sets: Sequence[str]
) -> HtmlTable:
    """The same for the pairs of a section, set by set, so that pairs stand below each other."""
    rows = []
    by_set = sorted(
        context.by_pair("difference", pairs, sets), key=lambda entry: sets.index(entry[1])
    )
    for pair, name, points in by_set:
        row: Cells = [[context.label(name)], [context.versus(pair)]]
        rows.append([*row, *_compared(context, pair, name, points)])
    columns = ["Set", "Pair", "Difference, smallest k", "Difference, largest k", "Crossover"]
    return HtmlTable(columns, rows, frozenset({0, 1, 4}))


def _compared(
    context: ReportContext, pair: str, name: str, rows: Sequence[Mapping[str, Any]]
) -> Cells:
    """Differences at both ends of the grid, and the crossover."""
    points = ordered(rows, "k")
    ends = [points[0], points[-1]]
    cells: Cells = []
    for end in ends:
        key = {"pair": pair, "set": name, "k": end["k"]}
        value = interval("difference", "difference", end, key, signed=True)
        cells.append([f"k = {end['k']}: ", *value])
    crossing = context.row("crossover", pair=pair, set=name)
    crossed = crossing_parts(crossing, ends[-1]["k"]) if crossing else ["–"]
    return [*cells, shares_of_resamples(crossed, context.analysis.bootstrap.resamples)]


SECTION = Section(
    title="Difference and crossover",
    caption=(
        "RL − base in pass@k, paired by problem, with {level} bands. Above 0 RL solves more. A "
        "dotted vertical line marks the k past which RL is never ahead again."
    ),
    reads=("pass_at_k", "difference", "crossover"),
    paper=PaperFigure(
        where="Figures 2 and 9 (later version Figures 2 and 10)",
    ),
    charts=lambda context: difference_charts(
        context, "difference", context.comparisons, context.styles, context.set_names
    ),
    tables=lambda context: [crossover_table(context)],
)
