"""Objectives that reward a group of answers."""

from passk.report.sections.comparison import READS, comparison_charts, comparison_tables
from passk.report.sections.section import Section

SECTION = Section(
    title="Training for pass@k",
    caption=(
        "Objectives that reward a group of answers, not each answer, beside the plain arm. "
        "Differences are paired by problem; intervals: {level}."
    ),
    reads=READS,
    charts=lambda context: comparison_charts(context, "objectives"),
    tables=lambda context: comparison_tables(context, "objectives"),
    compares=True,
)
