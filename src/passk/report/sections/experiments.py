"""Every figure and table of the paper: what of this page shows it, and what is not run, and why."""

from collections.abc import Iterable

from passk.report.context import ReportContext
from passk.report.experiments import list_experiments
from passk.report.html.tables import Cells, HtmlTable
from passk.report.sections.section import Section


def tabulate_experiments(context: ReportContext) -> HtmlTable:
    """A row for each experiment that the study speaks of, in the order of the paper."""
    stated = context.params.experiments
    rows: list[Cells] = [
        [
            [known.number],
            [known.shows],
            [_words(context, stated[name].sections) or "–"],
            [_words(context, [*stated[name].comparisons, *stated[name].draws]) or "–"],
            [stated[name].not_run or "–"],
        ]
        for name, known in list_experiments().items()
        if name in stated
    ]
    columns = ["In the paper", "What it shows", "Sections here", "By", "Not run, and why"]
    return HtmlTable(columns, rows, frozenset(range(len(columns))))


def _words(context: ReportContext, names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(context.label(name).replace("_", " ") for name in names))


SECTION = Section(
    title="Experiments of the paper",
    caption=(
        "Every figure, table and reading of arXiv 2504.13837: the sections of this page that show "
        "it, by which comparisons and draws, and what is not run here."
    ),
    tables=lambda context: [tabulate_experiments(context)],
)
