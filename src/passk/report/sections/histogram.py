"""Problems by the share of their samples that are correct."""

from collections.abc import Iterator, Mapping, Sequence

from passk.report.charts import axes, panels
from passk.report.charts.axes import PanelFrame
from passk.report.charts.chart import Chart
from passk.report.charts.series_style import SeriesStyle
from passk.report.context import ReportContext
from passk.report.sections.section import PaperFigure, Section


def chart_histograms(
    context: ReportContext, name: str, styles: Mapping[str, SeriesStyle], set_names: Sequence[str]
) -> Iterator[Chart]:
    """Problems by accuracy, all panels of one span."""
    sets, table = context.select("histogram", styles, set_names)
    if not sets:
        return
    span = (0.0, axes.find_span(table, "share", "share")[1])
    yield Chart(
        name,
        sets,
        styles,
        lambda key: panels.draw_histogram(
            table, styles, PanelFrame(key, sets[key], context.size, span)
        ),
        bars=True,
    )


SECTION = Section(
    title="Accuracy by problem",
    caption=(
        "Share of problems by the share c/n of a problem's samples that are correct. The first "
        "bin holds the unsolved problems, the last those solved every time."
    ),
    reads=("pass_at_k", "histogram"),
    paper=PaperFigure(
        where="Figures 5 and 13 (later version Figures 5 and 14)",
        numbers="In the paper RL moves mass to accuracy 1.0, and to 0.",
    ),
    charts=lambda context: chart_histograms(
        context, "histogram", context.curve_styles, context.set_names
    ),
)
