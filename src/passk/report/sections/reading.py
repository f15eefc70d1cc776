"""What was read and who judged: files, columns, cut and missing responses, recorded grades."""

from collections.abc import Iterator, Sequence

from passk.report.context import ReportContext
from passk.report.html.sourced_values import SourcedValue, cite
from passk.report.html.tables import Cells, HtmlTable
from passk.report.reading import GradeAgreement, ReadDraw
from passk.report.sections.section import Section

# What is counted of a draw -> its column.
_COUNTED = {
    "only": "Problems not compared",
    "left_out": "Rows left out",
    "rescored": "Rows of another scorer",
    "errors": "Failed rows",
    "missing": "Missing",
    "empty": "Empty",
    "truncated": "Truncated",
    "cut": "Cut at a stop string",
    "running_on": "Run on, not cut",
    "two_answers": "Two final answers",
    "repeated": "Standing in two files",
    "scores": "Scores left out",
}


def tabulate_files(context: ReportContext) -> HtmlTable:
    """Every file with its digest and format."""
    rows: list[Cells] = [
        [[context.label(draw)], [file.name], [file.format], [file.digest]]
        for draw, read in context.reading.draws.items()
        for file in read.files
    ]
    columns = ["Draw", "File", "Format", "SHA-256 begins with"]
    details = [
        (f"{context.label(draw)}: what was read from where", _columns(read))
        for draw, read in context.reading.draws.items()
        if read.columns
    ]
    return HtmlTable(columns, rows, frozenset({0, 1, 2, 3}), details)


def _columns(read: ReadDraw) -> str:
    return "; ".join(f"{kind}: {path}" for kind, path in read.columns.items())


def tabulate_samples(context: ReportContext) -> HtmlTable:
    """How much was read, and what of it is no full response: a column of zeros is left out."""
    reads = context.reading.draws
    counted = [name for name in _COUNTED if any(getattr(read, name) for read in reads.values())]
    rows: list[Cells] = [
        [
            [context.label(draw)],
            [str(read.problems)],
            [str(read.samples)],
            [_range(read.smallest, read.largest)],
            *([str(getattr(read, name))] for name in counted),
        ]
        for draw, read in reads.items()
    ]
    columns = ["Draw", "Problems", "Samples", "Samples a problem", *map(_COUNTED.get, counted)]
    return HtmlTable([str(column) for column in columns], rows)


def _range(smallest: int, largest: int) -> str:
    return str(smallest) if smallest == largest else f"{smallest} to {largest}"


def tabulate_settings(context: ReportContext) -> HtmlTable:
    """How each draw was sampled, as its files state it; no rows where none says anything."""
    reads = context.reading.draws
    names = list(dict.fromkeys(name for read in reads.values() for name in read.settings))
    rows: list[Cells] = [
        [[context.label(draw)], *([_values(read.settings.get(name, ()))] for name in names)]
        for draw, read in reads.items()
        if names
    ]
    columns = ["Draw", *names]
    title = "Sampling settings, as the files state them" if rows else ""
    return HtmlTable(columns, rows, frozenset(range(len(columns))), title=title)


def _values(values: Sequence[str]) -> str:
    return " or ".join(values) or "not stated"


def tabulate_agreement(context: ReportContext) -> HtmlTable:
    """Verdicts beside recorded grades."""
    rows: list[Cells] = [
        [[context.label(draw)], *_agreement(context, draw, read.agreement)]
        for draw, read in context.reading.draws.items()
        if read.agreement is not None
    ]
    columns = [
        "Draw", "Graded", "Correct here, recorded wrong", "Wrong here, recorded correct",
        "Cohen's kappa",
    ]  # fmt: skip
    caption = (
        "Samples with a recorded grade and a verdict that is not unknown. Kappa is 1 where all "
        "agree, 0 where they agree as often as by chance."
    )
    title = "Recorded grades beside these verdicts"
    return HtmlTable(columns, rows, title=title, caption=caption) if rows else HtmlTable([], [])


def _agreement(context: ReportContext, draw: str, agreement: GradeAgreement) -> Cells:
    """Counts of samples, and kappa; in a study with the row behind them."""
    values: dict[str, float | None] = {
        "graded": agreement.graded,
        "right_here": agreement.right_here,
        "right_there": agreement.right_there,
        "kappa": agreement.kappa,
    }
    texts = [
        "undefined" if value is None else f"{value:.3f}" if column == "kappa" else f"{value}"
        for column, value in values.items()
    ]
    if not context.traced:
        return [[text] for text in texts]
    entry = context.draws[draw].model.partition("/")[0]
    return [
        [SourcedValue(text, value, cite(f"agreement-{entry}", column, draw=draw))]
        for text, (column, value) in zip(texts, values.items(), strict=True)
    ]


def _sentences(context: ReportContext) -> list[list[str]]:
    reading = context.reading
    notes = [[f"{note[0].upper()}{note[1:]}."] for note in reading.notes]
    if not reading.graders:
        return notes
    return [*notes, *_graders(context), *_lacking(context)]


def _graders(context: ReportContext) -> Iterator[list[str]]:
    """Who judged; of several graders, each with its draws."""
    judged: dict[str, list[str]] = {}
    for draw, grader in context.reading.graders.items():
        options = ", ".join(f"{name} = {value}" for name, value in grader.options.items())
        said = f"judged by {grader.name}" + (f" with {options}" if options else "")
        judged.setdefault(said, []).append(context.label(draw))
    for said, labels in judged.items():
        whom = f"{', '.join(labels)}: " if len(judged) > 1 else ""
        yield [f"{whom}{said if whom else said[0].upper() + said[1:]}."]


def _lacking(context: ReportContext) -> Iterator[list[str]]:
    """What the files do not say."""
    reads = context.reading.draws.values()
    if not any(read.settings for read in reads):
        yield ["The files do not state temperature, top-p, or how long a response might be."]
    if not any(read.ends_stated for read in reads):
        yield [
            "The files do not state how responses ended: one that was cut off counts as wrong "
            "where it holds no answer."
        ]
    if all(read.agreement is None for read in reads):
        yield ["The files hold no grades to compare these verdicts with."]


SECTION = Section(
    title="What was read",
    caption=(
        "Files of other tools, as they were given. Responses that ended at their limit, and rows "
        "without a response, are unknown, not wrong. Who drew these samples, with which prompts "
        "and from which training data, is for their author to say: nothing of it is checked here."
    ),
    sentences=_sentences,
    tables=lambda context: [
        tabulate_files(context), tabulate_samples(context), tabulate_settings(context),
        tabulate_agreement(context),
    ] if context.reading.draws else [],
)  # fmt: skip
