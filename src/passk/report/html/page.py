"""One self-contained page: no request leaves it, nothing in it depends on when or where it ran."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from passk.report.charts.chart import DrawnChart
from passk.report.charts.series_style import SeriesStyle, list_colours
from passk.report.charts.svg import MUTED, draw_sample
from passk.report.claims.judging import (
    Judged,
    group_subjects,
    judge_claims,
    select_primary_verdicts,
)
from passk.report.claims.size_table import tabulate_sizes
from passk.report.context import ReportContext
from passk.report.finding import state_finding
from passk.report.html import sourced_values
from passk.report.html.sourced_values import Part, SourcedValue
from passk.report.sections.assembly import build_sections

HERE = Path(__file__).parent


def render_page(context: ReportContext, drawn: Mapping[str, DrawnChart]) -> str:
    """The report as one HTML document.

    Args:
        context: everything that is shown.
        drawn: its figures, from `draw_charts`.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["html"] = _html
    environment.filters["sample"] = _sample
    environment.filters["matrices"] = group_subjects
    environment.filters["primary_sets"] = _primary_sets
    template = environment.from_string((HERE / "page.html.j2").read_text(encoding="utf-8"))
    sentence = state_finding(context)
    sources = [part.source.row for part in sentence if isinstance(part, SourcedValue)]
    judged = judge_claims(context)
    return template.render(
        params=context.params,
        css=Markup(_style(context)),
        js=Markup(_script(traced=context.traced)),
        colours=list_colours(context.params),
        finding=sentence,
        example=sources[-1] if sources and context.traced else "",
        claims=judged,
        brief=select_primary_verdicts(judged),
        sizes=tabulate_sizes(judged, context),
        level=f"{context.analysis.bootstrap.level * 100:g}%",
        sections=build_sections(context, drawn),
        context=context,
    )


def _style(context: ReportContext) -> str:
    """The page's style; where files were read, also that of narrow tables."""
    names = ["page.css", *(["reading.css"] if context.reading.draws else [])]
    return "".join((HERE / name).read_text(encoding="utf-8") for name in names)


def _primary_sets(brief: Judged) -> list[str]:
    """Sets of the primary cells, each once."""
    return list(dict.fromkeys(verdict.set for _, verdicts in brief for verdict in verdicts))


def _script(*, traced: bool) -> str:
    """The page's script; it names the command that traces a number where there is one."""
    text = (HERE / "page.js").read_text(encoding="utf-8")
    return text if traced else text.replace('"passk explain " + ', "")


def _html(parts: Sequence[Part]) -> Markup:
    return Markup(sourced_values.to_html(parts))  # every part is escaped there


def _sample(style: SeriesStyle, thick: bool) -> Markup:
    variable = "muted" if style.colour == MUTED else f"c{style.colour[1:]}"
    return Markup(draw_sample(style, thick, f"var(--{variable})"))
