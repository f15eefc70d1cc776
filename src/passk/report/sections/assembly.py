"""From sections to what the page shows: charts are drawn once, what has no data is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from passk.analysis.settings import Bootstrap
from passk.report.charts.chart import Chart, DrawnChart
from passk.report.charts.series_style import SeriesStyle, list_colours
from passk.report.charts.svg import GROUND, INK, MUTED, RULE, inline
from passk.report.context import ReportContext
from passk.report.examples import ProblemExample
from passk.report.html.sourced_values import Part
from passk.report.html.tables import HtmlTable
from passk.report.roles import ROLES
from passk.report.sections.registry import load_sections
from passk.report.sections.section import Section


@dataclass(frozen=True)
class PageChart:
    """A chart in the page.

    Attributes:
        heading: over it, where a section has several.
        legend: what is drawn, with its sample's colour as a CSS variable.
        bars: whether the legend shows bars.
        folded: whether the chart is behind its heading.
        panels: SVG elements.
    """

    heading: str
    legend: tuple[SeriesStyle, ...]
    bars: bool
    folded: bool
    panels: tuple[str, ...]


@dataclass(frozen=True)
class PageSection:
    """A section as the page shows it.

    Attributes:
        name: anchor.
        title, caption: words, filled in.
        where, numbers: the paper's figure or table and what it reports; empty if it has none.
        charts: in order.
        sentences: above the tables, each number with its source.
        tables: below the charts.
        examples: problems with what models wrote, folded below the tables.
    """

    name: str
    title: str
    caption: str
    where: str = ""
    numbers: str = ""
    charts: tuple[PageChart, ...] = ()
    sentences: tuple[Sequence[Part], ...] = ()
    tables: tuple[HtmlTable, ...] = ()
    examples: tuple[ProblemExample, ...] = ()


def list_charts(context: ReportContext) -> dict[str, Chart]:
    """Every chart that has data, by name, in the order of the page.

    Raises:
        ValueError: two sections have a chart of one name.
    """
    charts: dict[str, Chart] = {}
    for name, section in load_sections(context.params.sections).items():
        for chart in section.charts(context):
            if chart.name in charts:
                raise ValueError(f"section {name!r} has a second chart {chart.name!r}")
            charts[chart.name] = replace(chart, section=name)
    return charts


def draw_charts(context: ReportContext) -> dict[str, DrawnChart]:
    """Every chart, drawn: the page and the files show the same ones."""
    return {name: chart.render() for name, chart in list_charts(context).items()}


def build_sections(context: ReportContext, drawn: Mapping[str, DrawnChart]) -> list[PageSection]:
    """The sections of the page that have data.

    Args:
        context: of the report.
        drawn: its charts, from `draw_charts`.

    Raises:
        UnknownNameError: parameters name a section that there is not.
    """
    sections = load_sections(context.params.sections)
    pages = (_build(name, section, context, drawn) for name, section in sections.items())
    return [page for page in pages if page.charts or page.tables or page.examples]


def _build(
    name: str, section: Section, context: ReportContext, drawn: Mapping[str, DrawnChart]
) -> PageSection:
    """A section with its words filled in; it may be empty."""
    charts = [drawing for drawing in drawn.values() if drawing.chart.section == name]
    paper = section.paper if context.params.paper else None
    caption = section.caption if isinstance(section.caption, str) else section.caption(context)
    return PageSection(
        name,
        section.title,
        context.roles.fill(_caption(caption, context.analysis.bootstrap)),
        paper.where if paper else "",
        paper.numbers if paper else "",
        tuple(
            _place(drawing, section.title, context, folded=i > 0 and not drawing.chart.open)
            for i, drawing in enumerate(charts)
        ),
        tuple(section.sentences(context)),
        tuple(table for table in section.tables(context) if table.rows),
        tuple(section.examples(context)),
    )


def _caption(text: str, bootstrap: Bootstrap) -> str:
    """A caption with the level of intervals, one tail of it, and the number of resamples."""
    return text.format(
        level=f"{bootstrap.level * 100:g}%",
        tail=f"{(1 - bootstrap.level) * 50:.3g}%",
        resamples=bootstrap.resamples,
        **{name: f"{{{name}}}" for name in ROLES},
    )


def _place(drawing: DrawnChart, title: str, context: ReportContext, *, folded: bool) -> PageChart:
    """A chart's panels as elements of the page."""
    chart = drawing.chart
    panels = tuple(
        inline(
            drawing.panels[key],
            f"{chart.name}-{i}",
            ", ".join(filter(None, (title, chart.heading, label))),
            _variables(context),
        )
        for i, (key, label) in enumerate(chart.panels.items())
    )
    legend = tuple(chart.styles.values()) if chart.legend else ()
    return PageChart(chart.heading, legend, chart.bars, folded, panels)


def _variables(context: ReportContext) -> dict[str, str]:
    """Colours of the charts and the CSS variables that stand for them in the page."""
    fixed = {INK: "ink", MUTED: "muted", RULE: "rule", GROUND: "ground"}
    return fixed | {colour: f"c{colour[1:]}" for colour in list_colours(context.params)}
