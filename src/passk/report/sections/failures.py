"""Why samples fail: shares of the grader's reasons, wrong and unknown apart."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from passk.core.schemas.verdicts import UNKNOWN, WRONG
from passk.report.charts import axes, panels
from passk.report.charts.axes import PanelFrame
from passk.report.charts.chart import Chart
from passk.report.charts.series_style import SeriesStyle
from passk.report.context import ReportContext
from passk.report.html.sourced_values import SourcedValue, cite
from passk.report.html.tables import NONE, Cells, HtmlTable, TableCell
from passk.report.sections.section import Section

SMALLEST = 0.01  # reasons of a smaller share everywhere are in the table alone, unknown ones apart
MOST = 12  # rows of a figure, and of a table that is not folded
Reason = tuple[str, str]  # verdict, reason


def name_reasons(
    context: ReportContext, draws: Iterable[str], sets: Sequence[str]
) -> dict[Reason, str]:
    """The reasons that matter and what they are called: wrong before unknown, then by share."""
    shares = find_largest_shares(context, draws, sets)
    large = [key for key in shares if shares[key] >= SMALLEST or key[0] == UNKNOWN]
    return {
        (verdict, reason): reason if verdict == WRONG else f"{verdict}: {reason}"
        for verdict, reason in large[:MOST]
    }


def find_largest_shares(
    context: ReportContext, draws: Iterable[str], sets: Sequence[str]
) -> Mapping[Reason, float]:
    """The largest share of each reason in any draw and set, in the order of the page."""
    shares: dict[Reason, float] = {}
    for draw in draws:
        for row in context.rows("failures", draw=draw):
            if row["set"] in sets:
                key = row["verdict"], row["reason"]
                shares[key] = max(row["share"], shares.get(key, 0.0))
    ordered = sorted(shares, key=lambda key: (key[0] != WRONG, -shares[key], key))
    return {key: shares[key] for key in ordered}


def chart_failures(
    context: ReportContext, name: str, styles: Mapping[str, SeriesStyle], set_names: Sequence[str]
) -> Iterator[Chart]:
    """Samples that are not correct, by reason."""
    sets, table = context.select("failures", styles, set_names)
    reasons = name_reasons(context, styles, list(sets))
    if not reasons:
        return
    span = (0.0, axes.find_span(table, "share", "share")[1])
    yield Chart(
        name,
        sets,
        styles,
        lambda key: panels.draw_failures(
            table, styles, PanelFrame(key, sets[key], context.size, span), reasons
        ),
        bars=True,
    )


def tabulate_failures(
    context: ReportContext, draws: Sequence[str], sets: Iterable[str]
) -> HtmlTable:
    """Every reason set by set, draws as columns."""
    rows: list[Cells] = []
    for name in sets:
        for verdict, reason in find_largest_shares(context, draws, [name]):
            row: Cells = [[context.label(name)], [verdict], [reason]]
            for draw in draws:
                key = {"draw": draw, "set": name, "verdict": verdict, "reason": reason}
                known = context.row("failures", **key)
                row.append(NONE if known is None else _share(known["share"], key))
            rows.append(row)
    columns = ["Set", "Verdict", "Reason", *(context.styles[draw].label for draw in draws)]
    folded = "All reasons as numbers" if len(rows) > MOST else ""
    return HtmlTable(columns, rows, frozenset({0, 1, 2}), folded=folded)


def _share(share: float, key: Mapping[str, str]) -> TableCell:
    """A share of all samples; a small one keeps a digit that tells it from none."""
    text = f"{share:.1%}" if share >= 0.001 else f"{share * 100:.1g}%"
    return [SourcedValue(text, share, cite("failures", "share", **key))]


SECTION = Section(
    title="What samples fail of",
    caption=(
        "Samples that are not correct by the grader's reason, as shares of all samples of a draw "
        "on a set. Unknown verdicts are kept apart from wrong ones."
    ),
    reads=("failures", "pass_at_k"),
    charts=lambda context: chart_failures(
        context, "failures", context.curve_styles, context.set_names
    ),
    tables=lambda context: [tabulate_failures(context, context.curves, context.set_names)],
)
