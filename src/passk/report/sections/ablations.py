"""More rollouts per prompt, and a KL penalty to the start model."""

from passk.report.sections.comparison import READS, chart_comparisons, tabulate_comparisons
from passk.report.sections.section import PaperFigure, Section

SECTION = Section(
    title="Rollouts and KL penalty",
    caption=(
        "More rollouts per prompt, and a KL penalty to the start model, beside the plain arm. "
        "Differences are paired by problem; intervals: {level}."
    ),
    reads=READS,
    paper=PaperFigure(
        where="Figure 15 (later version Figure 16)",
        numbers=(
            "There 32 rollouts are a little better than 8 at large k, and a KL penalty of 0.001 "
            "leaves pass@1 as it is and lowers pass@128 much."
        ),
    ),
    charts=lambda context: chart_comparisons(context, "ablations"),
    tables=lambda context: tabulate_comparisons(context, "ablations"),
    compares=True,
)
