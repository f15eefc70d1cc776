"""Model families and sizes, one colour each."""

from collections.abc import Iterator

from passk.report.charts.chart import Chart
from passk.report.charts.series_style import style_families
from passk.report.context import ReportContext
from passk.report.sections.comparison import READS, comparison_tables
from passk.report.sections.pass_at_k import curve_charts
from passk.report.sections.section import PaperFigure, Section


def _charts(context: ReportContext) -> Iterator[Chart]:
    """Pass@k by family; draws without a curve are left out."""
    comparisons = context.panel("families")
    styles = context.styles_of(context.drawn(comparisons))
    families = {
        name: (comparison.reference, comparison.candidate)
        for name, comparison in comparisons.items()
        if comparison.reference in styles and comparison.candidate in styles
    }
    models = {name: draw.model for name, draw in context.draws.items()}
    by_family = style_families(context.params, families, models, styles)
    yield from curve_charts(context, "families", by_family, context.panel_sets("families"))


SECTION = Section(
    title="Model families and sizes",
    caption=(
        "Every base model (dashed) and its RL-trained model (solid), one colour per family. "
        "Intervals stand in the table, paired by problem."
    ),
    reads=READS,
    paper=PaperFigure(
        where="Figures 2 and 9 (later version Figures 2 and 10)",
    ),
    charts=_charts,
    tables=lambda context: comparison_tables(context, "families"),
    compares=True,
)
