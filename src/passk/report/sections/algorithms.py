"""Pass@k of RL algorithms on a broken axis, with the paper's numbers."""

from collections.abc import Iterator

from passk.report.charts import broken_axis
from passk.report.charts.axes import PanelFrame
from passk.report.charts.chart import Chart
from passk.report.context import ReportContext
from passk.report.sections.endpoints import endpoint_table
from passk.report.sections.section import PaperFigure, Section

LARGEST_K = 256


def _charts(context: ReportContext) -> Iterator[Chart]:
    comparisons = context.panel("algorithms")
    styles = context.styles_of(context.drawn(comparisons))
    bases = frozenset(comparison.reference for comparison in comparisons.values())
    sets, table = context.select("pass_at_k", styles, context.panel_sets("algorithms"))
    if not sets or table["k"].n_unique() < 2:
        return
    yield Chart(
        "algorithms",
        sets,
        styles,
        lambda key: broken_axis.draw_pass_at_k(
            table, styles, PanelFrame(key, sets[key], context.size), bases
        ),
    )


SECTION = Section(
    title="Algorithms",
    caption=(
        "Base model and RL algorithms, each at the end of its training. The vertical axis is "
        "broken: the two shaded ranges, that of the RL models at the smallest k and that of all "
        "models at the largest, are stretched to three quarters of the axis, and what lies "
        "between and beyond is compressed; where the ranges meet, the axis is plain. Each panel "
        "has its own axis. Intervals stand in the table."
    ),
    reads=("pass_at_k",),
    paper=PaperFigure(
        where="Figures 8 and 14, Table 2 (later version Figure 8, Table 3)",
        numbers=(
            "In its table all six algorithms gain 14 to 22 points at k = 1 on the Omni-MATH sets. "
            "At k = 256 most fall below the base model there, but not all: Reinforce++ is above "
            "it on all three sets, and PPO and RLOO are not below it on the test set; on MATH500 "
            "all six end 0.2 to 1.2 points above."
        ),
        largest_k=LARGEST_K,
    ),
    charts=_charts,
    tables=lambda context: [endpoint_table(context, "algorithms", LARGEST_K)],
    compares=True,
)
