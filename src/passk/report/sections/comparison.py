"""Charts and tables of sections that compare draws on plain axes."""

from collections.abc import Iterator

from passk.report.charts.chart import Chart
from passk.report.context import ReportContext
from passk.report.html.tables import HtmlTable
from passk.report.sections.difference import tabulate_differences
from passk.report.sections.pass_at_k import chart_curves

READS = ("pass_at_k", "difference", "crossover")


def chart_comparisons(context: ReportContext, name: str) -> Iterator[Chart]:
    """Pass@k of the draws of a section's comparisons."""
    styles = context.styles_of(context.drawn(context.panel(name)))
    yield from chart_curves(context, name, styles, context.panel_sets(name))


def tabulate_comparisons(context: ReportContext, name: str) -> list[HtmlTable]:
    """Differences of a section's comparisons."""
    return [tabulate_differences(context, context.panel(name), context.panel_sets(name))]
