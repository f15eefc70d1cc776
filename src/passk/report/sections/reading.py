"""What was read and who judged: files, columns, cut and missing responses, recorded grades."""

from passk.report.context import ReportContext
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


def tabulate_agreement(context: ReportContext) -> HtmlTable:
    """Verdicts beside recorded grades."""
    rows: list[Cells] = [
        [[context.label(draw)], *_agreement(read.agreement)]
        for draw, read in context.reading.draws.items()
        if read.agreement is not None
    ]
    columns = [
        "Draw", "Samples with a recorded grade", "Correct here, recorded wrong",
        "Wrong here, recorded correct", "Cohen's kappa",
    ]  # fmt: skip
    return HtmlTable(columns, rows, title="Recorded grades" if rows else "")


def _agreement(agreement: GradeAgreement) -> Cells:
    kappa = "–" if agreement.kappa is None else f"{agreement.kappa:.3f}"
    counts = (agreement.graded, agreement.right_here, agreement.right_there)
    return [*([str(count)] for count in counts), [kappa]]


def _sentences(context: ReportContext) -> list[list[str]]:
    reading = context.reading
    notes = [[f"{note[0].upper()}{note[1:]}."] for note in reading.notes]
    if not reading.grader:
        return notes
    options = ", ".join(f"{name} = {value}" for name, value in reading.options.items())
    return [*notes, [f"Judged by {reading.grader}{f' with {options}' if options else ''}."]]


SECTION = Section(
    title="What was read",
    caption=(
        "Files of other tools, as they were given. Responses that ended at their limit, and rows "
        "without a response, are unknown, not wrong. Who drew these samples, with which prompts "
        "and from which training data, is for their author to say: nothing of it is checked here."
    ),
    sentences=_sentences,
    tables=lambda context: [
        tabulate_files(context), tabulate_samples(context), tabulate_agreement(context),
    ] if context.reading.draws else [],
)  # fmt: skip
