"""Pass@k of the main draws: curves, and every point as a number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from passk.report.charts import axes, panels
from passk.report.charts.axes import PanelFrame
from passk.report.charts.chart import Chart
from passk.report.charts.panels import ExactLine
from passk.report.charts.series_style import SeriesStyle
from passk.report.charts.svg import MUTED
from passk.report.context import ReportContext
from passk.report.html.intervals import format_interval
from passk.report.html.tables import Cells, HtmlTable, format_point
from passk.report.sections.section import PaperFigure, Section

# The column of the ignorant line that belongs to a table of curves.
LINES = {"pass_at_k": "pass_at_k", "valid_pass_at_k": "valid_pass_at_k", "exact": "pass_at_k"}
IGNORANT = SeriesStyle("Ignorant strategy, exact", MUTED, "dotted", "")


def find_ignorant_line(
    context: ReportContext, column: str, set_names: Iterable[str]
) -> ExactLine | None:
    """The line of the ignorant strategy; None where no set shown is of a world that has one."""
    if "ignorant" not in context:
        return None
    table = context.results["ignorant"]
    return ExactLine(table, column, IGNORANT) if set(table["set"]) & set(set_names) else None


def chart_curves(
    context: ReportContext,
    name: str,
    styles: Mapping[str, SeriesStyle],
    set_names: Sequence[str],
    question: str = "pass_at_k",
) -> Iterator[Chart]:
    """Pass@k of several draws on plain axes, all panels of one span; none where there is one k.

    Args:
        context: of the report.
        name: of the chart.
        styles: of the draws to show.
        set_names: a panel each.
        question: whose table, a key of LINES.
    """
    sets, table = context.select(question, styles, set_names)
    if not sets or table["k"].n_unique() < 2:
        return
    bands = ("low", "high") if len(styles) < 5 else ("pass_at_k", "pass_at_k")
    low, high = axes.find_span(table, *bands)
    line = find_ignorant_line(context, LINES[question], sets)
    if line is not None:
        below, above = line.find_span(sets, max(table["k"].to_list()))
        low, high = min(low, below), max(high, above)
    yield Chart(
        name,
        sets,
        {**styles, "ignorant strategy": line.style} if line else styles,
        lambda key: panels.draw_pass_at_k(
            table, styles, PanelFrame(key, sets[key], context.size, (low, high)), line
        ),
    )


def tabulate_pass_at_k(context: ReportContext) -> HtmlTable:
    """Every point of the curves, draws as columns."""
    draws = context.curves
    rows = []
    for name in context.set_names:
        points = {
            draw: {row["k"]: row for row in context.rows("pass_at_k", draw=draw, set=name)}
            for draw in draws
        }
        for k in sorted({k for by_k in points.values() for k in by_k}):
            row: Cells = [[context.label(name)], [str(k)]]
            row += [format_point(points[draw].get(k), draw, name) for draw in draws]
            rows.append(row)
    columns = ["Set", "k", *(context.styles[draw].label for draw in draws)]
    return HtmlTable(columns, rows, folded="All points as numbers")


def tabulate_fixed(context: ReportContext) -> HtmlTable:
    """pass@1 for problems like these, and of these problems alone."""
    rows: list[Cells] = []
    for name in context.set_names:
        for draw in context.curves:
            row = context.row("pass_at_k", draw=draw, set=name, k=1)
            if row is None or row["fixed"] is None:
                continue
            key = {"draw": draw, "set": name, "k": 1}
            limits = ("fixed_low", "fixed_high")
            rows.append(
                [[context.label(name)], [context.styles[draw].label],
                 format_point(row, draw, name),
                 format_interval("pass_at_k", "fixed", row, key, limits=limits)]
            )  # fmt: skip
    columns = ["Set", "Draw", "pass@1, problems like these", "These problems alone (Bayes@N)"]
    return HtmlTable(
        columns, rows, frozenset({0, 1}), folded="pass@1 of these problems alone",
        caption=(
            "How well these very problems are solved, whatever others there are: mean over them "
            "of the posterior mean (c + 1) / (n + 2), with its limits (arXiv 2510.04265). The "
            "interval for problems like these also holds what other problems would bring."
        ),
    )  # fmt: skip


SECTION = Section(
    title="pass@k",
    caption=(
        "Chance that at least one of k answers is correct, mean over problems, unbiased estimate "
        "1 − C(n − c, k) / C(n, k). Bands: pointwise {level} intervals (at each k by itself) of a "
        "paired two-level bootstrap over problems and samples, {resamples} resamples; like the "
        "curve, they never fall with k. All panels share one vertical axis. The dotted line of "
        "generated worlds is exact: what one reaches who guesses every step among the operations "
        "of the corpus, and executes it without error."
    ),
    reads=("pass_at_k",),
    paper=PaperFigure(
        where="Figures 2 and 9 (later version Figures 2 and 10)",
        numbers=(
            "On Minerva the paper's 32B base model is ahead of its RL-trained model by about 9 "
            "points at k = 128."
        ),
    ),
    charts=lambda context: chart_curves(
        context, "pass_at_k", context.curve_styles, context.set_names
    ),
    tables=lambda context: [tabulate_pass_at_k(context), tabulate_fixed(context)],
)
