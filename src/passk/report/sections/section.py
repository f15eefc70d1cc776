"""What a section of the page is: its words, its figure in the paper, its charts and tables.

A section is one file with a constant `SECTION`, named in `sections/registry.py` or by an entry
point of the group `passk.sections`. A page shows it where `report.sections` names it and it has
data.

Example:
    >>> from passk.report.html.tables import HtmlTable
    >>> section = Section("Sets", "Problems of each set.", tables=lambda context: [
    ...     HtmlTable(["Set"], [[[context.label(name)]] for name in context.set_names])])
    >>> section.title, section.reads, list(section.charts(None))
    ('Sets', (), [])
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from passk.report.charts.chart import Chart
from passk.report.context import ReportContext
from passk.report.examples import ProblemExample
from passk.report.html.sourced_values import Part
from passk.report.html.tables import HtmlTable


def _nothing(_: ReportContext) -> tuple[()]:
    return ()


@dataclass(frozen=True)
class PaperFigure:
    """Where arXiv 2504.13837 shows what a section shows.

    Attributes:
        where: figures and tables, numbered as in version 2, and in the later version if known.
        numbers: what the paper reports there, to stand beside ours; may be empty.
        largest_k: of its table, where `report.counterparts` may name models of it.
    """

    where: str
    numbers: str = ""
    largest_k: int | None = None


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Attributes:
        title: its heading.
        caption: below the charts, or what makes it; `{level}`, `{tail}` and `{resamples}` are
            filled in from `analysis.bootstrap`.
        reads: result tables that it needs; without them it shows less, or is left out.
        paper: the figure or table of the paper that it answers.
        charts: in order; the first is open, others are folded unless they say so.
        sentences: above the tables, each number with its source.
        tables: below the charts; a table without rows is left out.
        examples: problems with what models wrote.
        compares: whether `report.panels` gives it comparisons and sets of its own.
    """

    title: str
    caption: str | Callable[[ReportContext], str]
    reads: tuple[str, ...] = ()
    paper: PaperFigure | None = None
    charts: Callable[[ReportContext], Iterable[Chart]] = _nothing
    sentences: Callable[[ReportContext], Sequence[Sequence[Part]]] = _nothing
    tables: Callable[[ReportContext], Sequence[HtmlTable]] = _nothing
    examples: Callable[[ReportContext], Sequence[ProblemExample]] = _nothing
    compares: bool = False
