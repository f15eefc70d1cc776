"""How likely a model finds what others answer (the paper's Figure 6 and Appendix D.4)."""

from collections.abc import Sequence

from passk.analysis.questions.tracing import ResultRow
from passk.report.context import ReportContext
from passk.report.html.intervals import format_interval
from passk.report.html.sourced_values import Part, SourcedValue, cite, format_decimal
from passk.report.html.tables import Cells, HtmlTable
from passk.report.sections.section import Section

_VERDICTS = {"any": "all", "correct": "right", "wrong": "wrong"}


def tabulate_perplexity(context: ReportContext, sets: Sequence[str]) -> HtmlTable:
    """Quartiles of perplexity, and ranks among the scoring model's own responses."""
    rows: list[Cells] = []
    for name in sets:
        for entry in context.rows("perplexity", set=name):
            key = {column: entry[column] for column in ("score", "set", "verdict")}
            row: Cells = [
                [context.label(name)],
                [_label(context, entry["draw"])],
                [entry["model"]],
                [_VERDICTS[entry["verdict"]]],
            ]
            row += [
                [SourcedValue(str(entry[size]), entry[size], cite("perplexity", size, **key))]
                for size in ("responses", "problems")
            ]
            row += [_value(entry, quartile, key) for quartile in ("lower", "median", "upper")]
            rows.append([*row, _rank(entry, "rank", key), _rank(entry, "matched", key)])
    columns = ["Set", "Responses of", "Under", "Verdict", "Responses", "Problems"]
    columns += ["Lower quartile", "Median", "Upper quartile", "Rank", "Rank, same length"]
    return HtmlTable(columns, rows, frozenset({0, 1, 2, 3}))


def _label(context: ReportContext, draw: str) -> str:
    return context.styles[draw].label if draw in context.styles else draw


def _value(entry: ResultRow, column: str, key: dict[str, object]) -> list[Part]:
    value = entry[column]
    return [SourcedValue(format_decimal(value), value, cite("perplexity", column, **key))]


def _rank(entry: ResultRow, column: str, key: dict[str, object]) -> list[Part]:
    """A mean rank with its interval; a dash where the model has no such responses of its own."""
    if entry[column] is None:
        return ["–"]
    limits = (f"{column}_low", f"{column}_high")
    return list(format_interval("perplexity", column, entry, key, limits=limits))


SECTION = Section(
    title="Perplexity: would the model have written it?",
    caption=(
        "Perplexity of responses under the model named, at temperature 1 (the paper's Figure 6). "
        "Rank: where a response stands among the model's own responses to the same problem with "
        "the same verdict, from 0 (more likely than all) to 1 (less likely than all), averaged "
        "over problems; 0.5 is a response like its own, above it one that the model would seldom "
        "write. Same length: among own responses with as many tokens. Intervals over problems: "
        "{level}."
    ),
    reads=("perplexity",),
    tables=lambda context: [tabulate_perplexity(context, context.set_names)],
)
