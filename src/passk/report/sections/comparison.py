"""Charts and tables of sections that compare draws on plain axes."""

from collections.abc import Iterator

from passk.report.charts.chart import Chart
from passk.report.context import ReportContext
from passk.report.html.tables import HtmlTable
from passk.report.sections.difference import comparison_table
from passk.report.sections.pass_at_k import curve_charts

READS = ("pass_at_k", "difference", "crossover")


def comparison_charts(context: ReportContext, name: str) -> Iterator[Chart]:
    """Pass@k of the draws of a section's comparisons."""
    styles = context.styles_of(context.drawn(context.panel(name)))
    yield from curve_charts(context, name, styles, context.panel_sets(name))


def comparison_tables(context: ReportContext, name: str) -> list[HtmlTable]:
    """Differences of a section's comparisons."""
    return [comparison_table(context, context.panel(name), context.panel_sets(name))]
