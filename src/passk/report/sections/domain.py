"""A section of one domain: all that the page says of the main pairs and sets, of its own.

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
        # A study that compares no pairs of a domain shows its examples with all others.
        examples=lambda context: show_examples(
            context, [name] if name in context.params.panels else []
        ),
        compares=True,
    )


def _charts(context: ReportContext, name: str) -> Iterator[Chart]:
    """Curves, differences, histograms and failures of the domain's pairs, all open."""
    pairs, sets = context.panel(name), context.panel_sets(name)
    styles = context.styles_of(context.drawn(pairs))
    every = context.styles_of(_draws(pairs))
    charts = (
        ("pass@k", curve_charts(context, name, styles, sets)),
        ("RL − base", difference_charts(context, f"{name}-difference", pairs, every, sets)),
        ("Accuracy by problem", histogram_charts(context, f"{name}-histogram", styles, sets)),
        ("What samples fail of", failure_charts(context, f"{name}-failures", styles, sets)),
    )
    for heading, of_kind in charts:
        for chart in of_kind:
            yield replace(chart, heading=heading, open=True)


def _draws(pairs: dict[str, Comparison]) -> list[str]:
    """Draws of several pairs, in order."""
    return list(
        dict.fromkeys(name for pair in pairs.values() for name in (pair.reference, pair.candidate))
    )


def _tables(context: ReportContext, name: str, largest_k: int) -> list[HtmlTable]:
    pairs = context.panel(name)
    if not pairs:
        return []
    sets, draws = context.panel_sets(name), context.drawn(pairs)
    return [
        endpoint_table(context, name, largest_k),
        comparison_table(context, pairs, sets),
        coverage_table(context, pairs, sets),
        index_table(context, pairs, sets),
        greedy_table(context, [other for other in sets if other not in context.set_names]),
        failure_table(context, draws, sets),
        replace(bounds_table(context, draws, sets), folded="Bounds for unknown verdicts"),
    ]
