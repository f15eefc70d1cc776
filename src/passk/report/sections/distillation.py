"""Models fine-tuned on a teacher's responses, and which problems they newly solve."""

from passk.report.context import ReportContext
from passk.report.html.tables import HtmlTable
from passk.report.sections.comparison import READS, comparison_charts, comparison_tables
from passk.report.sections.coverage import coverage_table, index_table
from passk.report.sections.section import PaperFigure, Section


def _tables(context: ReportContext) -> list[HtmlTable]:
    """Differences, and the problems that distilled models solve."""
    comparisons, sets = list(context.panel("distillation")), context.panel_sets("distillation")
    distilled = context.subjects().get("distilled") or comparisons
    beyond = [comparison for comparison in comparisons if comparison in distilled]
    return [
        *comparison_tables(context, "distillation"),
        coverage_table(context, beyond, sets, "distilled"),
        index_table(context, beyond, sets, "distilled"),
    ]


SECTION = Section(
    title="Distillation",
    caption=(
        "Models fine-tuned on a teacher's responses, or on short answers, beside the base model, "
        "the RL-trained model and RL from the distilled model. Differences are paired by problem; "
        "intervals: {level}. “By more than luck”: an exact test per problem, corrected over the "
        "set (Holm)."
    ),
    reads=(*READS, "coverage"),
    paper=PaperFigure(
        where="Figure 7",
        numbers="There the distilled model is above the base model at every k.",
    ),
    charts=lambda context: comparison_charts(context, "distillation"),
    tables=_tables,
    compares=True,
)
