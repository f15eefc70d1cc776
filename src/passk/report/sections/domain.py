"""A section of one domain: all that the page says of the main comparisons and sets, of its own.

Example:
    >>> domain_section("math", title="Mathematics", caption="The same questions.").compares
    True
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from passk.analysis.settings import Comparison
from passk.report.charts.chart import Chart
from passk.report.context import ReportContext
from passk.report.examples import show_examples
from passk.report.html.tables import HtmlTable
from passk.report.sections.bounds import bounds_table
from passk.report.sections.coverage import coverage_table, index_table
from passk.report.sections.difference import comparison_table, difference_charts
from passk.report.sections.endpoints import LARGEST_K, endpoint_table
from passk.report.sections.failures import failure_charts, failure_table
from passk.report.sections.greedy import greedy_table
from passk.report.sections.histogram import histogram_charts
from passk.report.sections.pass_at_k import curve_charts
from passk.report.sections.section import PaperFigure, Section

READS = ("pass_at_k", "difference", "crossover", "histogram", "coverage", "greedy", "failures")
Tables = Callable[[ReportContext], Sequence[HtmlTable]]


def domain_section(
    name: str,
    *,
    title: str,
    caption: str,
    paper: PaperFigure | None = None,
    more: Tables = lambda _: (),
) -> Section:
    """The section of a domain.

    Args:
        name: of the domain, and of its panel in `report.panels`.
        title: heading.
        caption: as in `Section`.
        paper: the paper's figure.
        more: tables of this domain alone, the last ones.
    """
    largest_k = paper.largest_k if paper else None
    return Section(
        title=title,
        caption=caption,
        reads=READS,
        paper=paper,
        charts=lambda context: _charts(context, name),
        tables=lambda context: [
            *_tables(context, name, largest_k or LARGEST_K),
            *more(context),
        ],
        # A study that compares nothing of a domain shows its examples with all others.
        examples=lambda context: show_examples(
            context, [name] if name in context.params.panels else []
        ),
        compares=True,
    )


def _charts(context: ReportContext, name: str) -> Iterator[Chart]:
    """Curves, differences, histograms and failures of the domain's comparisons, all open."""
    comparisons, sets = context.panel(name), context.panel_sets(name)
    styles = context.styles_of(context.drawn(comparisons))
    every = context.styles_of(_draws(comparisons))
    charts = (
        ("pass@k", curve_charts(context, name, styles, sets)),
        ("RL − base", difference_charts(context, f"{name}-difference", comparisons, every, sets)),
        ("Accuracy by problem", histogram_charts(context, f"{name}-histogram", styles, sets)),
        ("What samples fail of", failure_charts(context, f"{name}-failures", styles, sets)),
    )
    for heading, of_kind in charts:
        for chart in of_kind:
            yield replace(chart, heading=heading, open=True)


def _draws(comparisons: dict[str, Comparison]) -> list[str]:
    """Draws of several comparisons, in order."""
    return list(
        dict.fromkeys(
            name
            for comparison in comparisons.values()
            for name in (comparison.reference, comparison.candidate)
        )
    )


def _tables(context: ReportContext, name: str, largest_k: int) -> list[HtmlTable]:
    comparisons = context.panel(name)
    if not comparisons:
        return []
    sets, draws = context.panel_sets(name), context.drawn(comparisons)
    return [
        endpoint_table(context, name, largest_k),
        comparison_table(context, comparisons, sets),
        coverage_table(context, comparisons, sets),
        index_table(context, comparisons, sets),
        greedy_table(context, [other for other in sets if other not in context.set_names]),
        failure_table(context, draws, sets),
        replace(bounds_table(context, draws, sets), folded="Bounds for unknown verdicts"),
    ]
