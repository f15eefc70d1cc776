"""Objectives that reward a group of answers."""

from passk.report.sections.comparison import READS, chart_comparisons, tabulate_comparisons
from passk.report.sections.section import Section

SECTION = Section(
    title="Training for pass@k",
    caption=(
        "Objectives that reward a group of answers, not each answer, beside the plain arm. "
        "Differences are paired by problem; intervals: {level}."
    ),
    reads=READS,
    charts=lambda context: chart_comparisons(context, "objectives"),
    tables=lambda context: tabulate_comparisons(context, "objectives"),
    compares=True,
)
