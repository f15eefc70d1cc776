"""One arm at several checkpoints, with the paper's numbers."""

from passk.report.context import ReportContext
from passk.report.html.tables import HtmlTable
from passk.report.sections.comparison import READS, chart_comparisons
from passk.report.sections.difference import tabulate_differences
from passk.report.sections.endpoints import tabulate_endpoints
from passk.report.sections.section import PaperFigure, Section

LARGEST_K = 256


def _tables(context: ReportContext) -> list[HtmlTable]:
    """Both ends of the curves, and the last checkpoint against the first."""
    longer = context.subjects().get("longer", []) if context.panel("steps") else []
    return [
        tabulate_endpoints(context, "steps", LARGEST_K),
        tabulate_differences(context, longer, context.panel_sets("steps")),
    ]


SECTION = Section(
    title="pass@k by training step",
    caption=(
        "One arm at several checkpoints, beside the base model it started from. Bands: pointwise "
        "{level} intervals where at most four curves are drawn."
    ),
    reads=READS,
    paper=PaperFigure(
        where="Figure 1 right, Table 3 (later version Figure 1 right, Table 4)",
        numbers=(
            "From step 150 to 450, on Omni-MATH-Train: pass@1 26.1 to 42.5, pass@256 66.3 to 64.3 "
            "points."
        ),
        largest_k=LARGEST_K,
    ),
    charts=lambda context: chart_comparisons(context, "steps"),
    tables=_tables,
    compares=True,
)
