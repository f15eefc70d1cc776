"""The parity sheet: for each comparison, how either draw was asked, decoded and judged.

"Your base was prompted badly" is the first objection to any study of this kind, so that the answer
stands beside the results: prompt and its source, what ends a response, decoding, grader, budget.
"""

from collections.abc import Iterator, Mapping

from passk.analysis.settings import Comparison
from passk.data.prompts import PromptError, Template, template
from passk.report.context import ReportContext
from passk.report.entries import ReportedDraw
from passk.report.html.sourced_values import Part, SourcedValue, cite
from passk.report.html.tables import NONE, Cells, HtmlTable, TableCell
from passk.report.sections.section import PaperFigure, Section

_UNSTATED = "not stated"  # of samples that somebody else drew


def tabulate_parity(context: ReportContext, comparisons: Mapping[str, Comparison]) -> HtmlTable:
    """Two rows for each comparison; what differs stands with the candidate."""
    rows: list[Cells] = []
    for name, compared in comparisons.items():
        sheets = {
            draw: _sheet(context, draw)
            for draw in (compared.reference, compared.candidate)
            if draw in context.draws
        }
        for draw, sheet in sheets.items():
            last = draw == compared.candidate
            differing = _list_differences(sheets) if last else []
            rows.append(
                [
                    [context.versus(name)] if not last else [""],
                    [context.styles[draw].label],
                    *sheet.values(),
                    [", ".join(differing) or "nothing"] if last else [""],
                ]
            )
    columns = ["Comparison", "Draw", *_sheet_columns(), "Differs in"]
    return HtmlTable(columns, rows, frozenset(range(len(columns))))


def _sheet_columns() -> tuple[str, ...]:
    return ("Prompt", "Source of the prompt", "Markup", "Ends", "Decoding", "Grader", "Budget")


def _sheet(context: ReportContext, draw: str) -> dict[str, TableCell]:
    entry = context.draws[draw]
    form = _find_template(entry.template)
    cells: list[TableCell] = [
        [entry.template or _UNSTATED],
        _source(entry, form),
        [_markup(entry, form)],
        [_ends(entry, form)],
        [_decoding(entry)],
        ["one for all draws: section `verification` of the parameters"],
        _budget(context, draw),
    ]
    return dict(zip(_sheet_columns(), cells, strict=True))


def _find_template(name: str | None) -> Template | None:
    try:
        return None if name is None else template(name)
    except PromptError:  # a file of the study's own that is gone since
        return None


def _source(entry: ReportedDraw, form: Template | None) -> TableCell:
    if entry.template is None:
        return NONE
    return [form.source if form is not None and form.source else "unverified"]


def _markup(entry: ReportedDraw, form: Template | None) -> str:
    """Plain text, or whose chat template wrote the turns, with its options."""
    if form is None:
        return _UNSTATED
    if not form.chat:
        return "plain text"
    options = dict(entry.template_options or {})
    named = options.pop("chat_template", None)
    markup = "the model's chat template" if named is None else f"chat template {named}"
    return markup + "".join(f", {key}: {value}" for key, value in options.items())


def _ends(entry: ReportedDraw, form: Template | None) -> str:
    if form is None:
        return _UNSTATED
    tokens = "the model's ends" + (" and what closes a turn" if form.chat else "")
    return tokens + "".join(f", {text!r}" for text in entry.stop or ())


def _decoding(entry: ReportedDraw) -> str:
    if entry.temperature is None:
        return _UNSTATED
    if entry.temperature == 0:
        return "greedy"
    return f"temperature {entry.temperature:g}, top-p {entry.top_p:g}"


def _budget(context: ReportContext, draw: str) -> TableCell:
    """Samples of each problem, and how long each may be."""
    entry = context.draws[draw]
    counted = sorted({int(row["n"]) for row in context.rows("pass_at_k", draw=draw)})
    parts: list[Part] = []
    for number in counted:
        at = cite("pass_at_k", "n", draw=draw)
        parts += [", " if parts else "", SourcedValue(str(number), number, at)]
    parts = parts or [str(entry.n or _UNSTATED)]
    length = "" if entry.max_new_tokens is None else f", up to {entry.max_new_tokens} tokens"
    context_length = "" if entry.context is None else f", context {entry.context}"
    return [*parts, f" samples{length}{context_length}"]


def _list_differences(sheets: Mapping[str, Mapping[str, TableCell]]) -> list[str]:
    """Columns in which the two rows are not the same."""
    return list(_differing(*sheets.values())) if len(sheets) == 2 else []


def _differing(one: Mapping[str, TableCell], other: Mapping[str, TableCell]) -> Iterator[str]:
    for column in _sheet_columns():
        if _words(one[column]) != _words(other[column]):
            yield column.lower()


def _words(cell: TableCell) -> list[str]:
    return [part.text if isinstance(part, SourcedValue) else str(part) for part in cell]


SECTION = Section(
    title="Parity: how each side was asked, decoded and judged",
    caption=(
        "For each comparison, the reference and the candidate. A comparison of draws that differ "
        "in prompt or decoding is refused unless it says in what. Ends are tokens of the model and "
        "strings that end a response."
    ),
    reads=("pass_at_k",),
    paper=PaperFigure(where="App. E"),
    tables=lambda context: [tabulate_parity(context, context.analysis.comparisons)],
)
