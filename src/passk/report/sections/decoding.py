"""Temperature and top-p: how much of a gap at large k decoding alone makes."""

from passk.report.sections.comparison import READS, chart_comparisons, tabulate_comparisons
from passk.report.sections.section import PaperFigure, Section

SECTION = Section(
    title="Decoding",
    caption=(
        "The same models, sampled at other temperatures and with other nucleus sizes (top-p). A "
        "nucleus cuts off what a model would write seldom; RL makes much of that seldom, so that a "
        "part of its loss at large k is made by decoding. What remains without a cut is the "
        "model's own. Differences are paired by problem; intervals: {level}."
    ),
    reads=READS,
    paper=PaperFigure(
        where="Figure 16 (later version Figure 17)",
        numbers=(
            "There a higher temperature raises the RL model's curve at large k, which stays below "
            "the base model's."
        ),
    ),
    charts=lambda context: chart_comparisons(context, "decoding"),
    tables=lambda context: tabulate_comparisons(context, "decoding"),
    compares=True,
)
