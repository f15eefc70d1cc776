"""Measures of the literature beside pass@k: stable success, support, and what lies past n."""

from collections.abc import Iterable, Sequence

from passk.analysis.questions.tracing import ResultRow
from passk.report.context import ReportContext
from passk.report.html.intervals import format_interval
from passk.report.html.sourced_values import Part, SourcedValue, cite, format_decimal
from passk.report.html.tables import Cells, HtmlTable
from passk.report.sections.section import Section

_COVER = (0.01, 0.1, 0.5, 0.9)
_COUNTS = ("preserved", "expanded", "shrunk", "out_of_reach")
_SHARES = ("retention", "discovery", "dynamic_score", "net_change")
_LEDGERS = {
    "solved": "solved in n samples",
    "null": "expected of two draws of the reference",
    "likely": "success above 1/n is likely",
}


def tabulate_measures(
    context: ReportContext, draws: Sequence[str], sets: Sequence[str]
) -> HtmlTable:
    """Stable success at the largest k, and the share of problems above each success rate."""
    rows: list[Cells] = []
    for draw in draws:
        for name in sets:
            entries = context.rows("measures", draw=draw, set=name)
            if not entries:
                continue
            k = max(int(entry["k"]) for entry in entries)
            row: Cells = [[context.styles[draw].label], [context.label(name)], [str(k)]]
            row += [_cell(entries, measure, k) for measure in ("g_pass", "mg_pass", "pass_hat")]
            row += [_cell(entries, "cover", 0, tau) for tau in _COVER]
            rows.append([*row, _cell(entries, "bayes", 0)])
    columns = ["Draw", "Set", "k", "G-Pass@k, τ = .5", "mG-Pass@k", "pass^k"]
    columns += [f"Cover@{tau:g}" for tau in _COVER] + ["Bayes@N"]
    return HtmlTable(columns, rows, frozenset({0, 1}))


def _cell(
    entries: Sequence[ResultRow], measure: str, k: int, tau: float | None = None
) -> list[Part]:
    """A measure with its interval; a dash where it was not estimated."""
    for entry in entries:
        if entry["measure"] == measure and entry["k"] == k and tau in (None, entry["tau"]):
            key = {name: entry[name] for name in ("draw", "set", "measure", "k", "tau")}
            return list(format_interval("measures", "value", entry, key))
    return ["–"]


def tabulate_support(
    context: ReportContext, comparisons: Iterable[str], sets: Sequence[str]
) -> HtmlTable:
    """The support ledger of comparisons, beside its null."""
    rows: list[Cells] = []
    for comparison in comparisons:
        for name in sets:
            for entry in context.rows("support", comparison=comparison, set=name):
                row: Cells = [[context.label(comparison)], [context.label(name)]]
                row.append([_LEDGERS[entry["by"]]])
                rows.append(row + [_ledger(entry, column) for column in (*_COUNTS, *_SHARES)])
    columns = ["Comparison", "Set", "By", "Preserved", "Expanded", "Shrunk", "Out of reach"]
    return HtmlTable([*columns, "SRR", "NDR", "SDS", "NSCR"], rows, frozenset({0, 1, 2}))


def _ledger(entry: ResultRow, column: str) -> list[Part]:
    """A number of the ledger; a dash where a share is not defined."""
    value = entry[column]
    if value is None:
        return ["–"]
    key = {name: entry[name] for name in ("comparison", "set", "by")}
    shown = f"{value:.1f}" if column in _COUNTS else format_decimal(value)
    return [SourcedValue(shown, value, cite("support", column, **key))]


def tabulate_forecasts(
    context: ReportContext, draws: Sequence[str], sets: Sequence[str]
) -> HtmlTable:
    """Pass@n as observed and as half of the samples forecast it, and pass@k past n."""
    rows: list[Cells] = []
    for draw in draws:
        for name in sets:
            by_k = {int(e["k"]): e for e in context.rows("forecast", draw=draw, set=name)}
            seen = [k for k, entry in by_k.items() if entry["observed"] is not None]
            if not seen:
                continue
            last, beyond = max(seen), max(by_k)
            row: Cells = [[context.styles[draw].label], [context.label(name)], [str(last)]]
            row += [_forecast(by_k[last], column) for column in ("observed", "from_half")]
            rows.append([*row, [str(beyond)], _forecast(by_k[beyond], "forecast")])
    columns = ["Draw", "Set", "k", "pass@k", "Forecast from half", "k past n", "Forecast"]
    return HtmlTable(columns, rows, frozenset({0, 1}))


def _forecast(entry: ResultRow, column: str) -> list[Part]:
    at = cite("forecast", column, draw=entry["draw"], set=entry["set"], k=entry["k"])
    return [SourcedValue(format_decimal(entry[column]), entry[column], at)]


SECTION = Section(
    title="Other measures of the same counts",
    caption=(
        "G-Pass@k: at least half of k samples correct (arXiv 2412.13147); mG-Pass@k: the mean over "
        "shares above a half; pass^k: all correct. Cover@τ: problems with success probability τ "
        "or more (2510.08325), by the posterior under the fitted distribution. Bayes@N: mean "
        "success on these problems alone (2510.04265). Support: preserved, expanded, shrunk and "
        "out of reach, with retention SRR, discovery NDR, their harmonic mean SDS and net change "
        "NSCR (2507.14843), beside what a second draw of the reference would show. Forecasts: a "
        "zero-inflated Beta-Binomial (2510.05197), fitted to half of the samples to be scored, and "
        "to all of them past n. Intervals: {level}."
    ),
    reads=("measures", "support", "forecast"),
    tables=lambda context: [
        tabulate_measures(context, list(context.curves), context.set_names),
        tabulate_support(context, context.comparisons, context.set_names),
        tabulate_forecasts(context, list(context.curves), context.set_names),
    ],
)
