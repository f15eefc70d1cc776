"""How likely a model finds what others answer (the paper's Figure 6 and Appendix D.4)."""

from collections.abc import Sequence

from passk.analysis.questions.tracing import ResultRow
from passk.report.context import ReportContext
from passk.report.html.intervals import format_interval
from passk.report.html.sourced_values import Part, SourcedValue, cite
from passk.report.html.tables import Cells, HtmlTable
from passk.report.sections.section import PaperFigure, Section

_VERDICTS = {"any": "all", "correct": "right", "wrong": "wrong"}


def tabulate_perplexity(
    context: ReportContext, sets: Sequence[str], verdicts: Sequence[str], folded: str = ""
) -> HtmlTable:
    """Median and quartiles of perplexity, and ranks among the scoring model's own responses."""
    rows: list[Cells] = []
    entries = [entry for name in sets for entry in context.rows("perplexity", set=name)]
    models = {entry["model"] for entry in entries}
    for entry in entries:
        if entry["verdict"] not in verdicts:
            continue
        key = {column: entry[column] for column in ("score", "set", "verdict")}
        row: Cells = [[context.label(entry["set"])], [_label(context, entry["draw"])]]
        row += [[_label(context, entry["model"])]] if len(models) > 1 else []
        row += [[_VERDICTS[entry["verdict"]]]] if len(verdicts) > 1 else []
        problems = cite("perplexity", "problems", **key)
        row.append([SourcedValue(str(entry["problems"]), entry["problems"], problems)])
        quartiles = format_interval("perplexity", "median", entry, key, limits=("lower", "upper"))
        rows.append([*row, list(quartiles)])
        rows[-1] += [_rank(entry, "rank", key), _rank(entry, "matched", key)]
    columns = ["Set", "Responses of", *(["Under"] if len(models) > 1 else [])]
    columns += ["Verdict"] if len(verdicts) > 1 else []
    texts = frozenset(range(len(columns)))
    columns += ["Problems", "Median [quartiles]", "Rank", "Rank, same length"]
    return HtmlTable(columns, rows, texts, folded=folded)


def _label(context: ReportContext, draw: str) -> str:
    return context.styles[draw].label if draw in context.styles else draw


def _rank(entry: ResultRow, column: str, key: dict[str, object]) -> list[Part]:
    """A mean rank with its interval; a dash where the model has no such responses of its own."""
    if entry[column] is None:
        return ["–"]
    limits = (f"{column}_low", f"{column}_high")
    return list(format_interval("perplexity", column, entry, key, limits=limits))


SECTION = Section(
    title="Perplexity: would the model have written it?",
    caption=(
        "Perplexity of right responses under the model that scores them (`scores:`), at a "
        "temperature of 1. Rank: where a response stands among this model's own responses to the "
        "same problem with the same verdict, from 0 (more likely than all) to 1 (less likely than "
        "all), averaged over problems; 0.5 is a response like its own, above it one that the model "
        "would seldom write. Same length: among own responses with as many tokens. Intervals over "
        "problems: {level}."
    ),
    reads=("perplexity",),
    paper=PaperFigure(
        where="Figure 6 and Appendix D.4",
        numbers=(
            "There the responses of RL lie in the lower part of the base model's own perplexities."
        ),
    ),
    tables=lambda context: [
        tabulate_perplexity(context, context.set_names, ["correct"]),
        tabulate_perplexity(
            context, context.set_names, ["any", "wrong"], "Of all responses, and of wrong ones"
        ),
    ],
)
