"""What an entry of `imported:` reads: the problems that all models answered, and their samples."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from passk.core.rows import RecordedError
from passk.data.import_settings import Columns, Imported, ReadSettings
from passk.logs.alignment import Alignment, align
from passk.logs.reader import LogReading, LogSummary, expand, read
from passk.logs.sample import LogSample
from passk.logs.side import Side, gather
from passk.logs.stated_problems import read_problems, reading_beside

# What a column is called in parameters -> the field of a sample.
KINDS = {
    "problem_id": "problem", "problem": "question", "gold": "reference", "response": "response",
    "recorded_grade": "grade", "sample_index": "number", "finish_reason": "finish", "set": "set",
    "tokens": "tokens", "seed": "seed", "step": "step",
}  # fmt: skip


@dataclass(frozen=True)
class ImportedSides:
    """Everything that was read.

    Attributes:
        files: of each model.
        sides: each model's problems with their samples.
        summaries: what was read of each.
        problems: questions and reference answers from a file of their own, or None.
    """

    files: Mapping[str, Sequence[Path]]
    sides: Mapping[str, Side]
    summaries: Mapping[str, LogSummary]
    problems: Side | None = None

    def align(self, min_n: int) -> Alignment:
        """The problems of all models; see `passk.logs.alignment.align`."""
        return align(self.sides, self.problems, min_n)


def reading_of(settings: ReadSettings) -> LogReading:
    """How files are read, as parameters say."""
    return LogReading(
        settings.format,
        fields_of(settings.columns),
        settings.where,
        settings.stop,
        settings.grade_from,
    )


def fields_of(columns: Columns) -> dict[str, str]:
    """Field of a sample -> path, of the columns that are named."""
    named = columns.model_dump(exclude_none=True)
    return {KINDS[kind]: path for kind, path in named.items()}


def list_files(settings: Imported, model: ReadSettings) -> list[Path]:
    """The files of a model, in natural order; a file of problems is none of them.

    Raises:
        RecordedError: there is none.
    """
    path = Path(settings.path)
    if model.files and not path.is_dir():
        raise RecordedError(f"{path}: `files` names files within a folder, and this is none")
    files = expand([path / name for name in model.files] if model.files else [path])
    stated = path / settings.problems if settings.problems is not None else None
    return [file for file in files if file != stated]


def read_sides(settings: Imported) -> ImportedSides:
    """Read all files of an entry.

    Raises:
        RecordedError: a file or row that cannot be read; it names the remedy.
    """
    reads = settings.reads()
    files = {name: list_files(settings, model) for name, model in reads.items()}
    summaries = {name: LogSummary() for name in reads}
    stated = None if settings.problems is None else Path(settings.path) / settings.problems
    sides = {
        name: gather(
            by_rule(
                read(
                    files[name],
                    reading_beside(reading_of(model), files[name], stated),
                    summaries[name],
                ),
                settings.missing,
            )
        )
        for name, model in reads.items()
    }
    problems = None
    if stated is not None:
        problems = read_problems(stated, fields_of(settings.columns))
    return ImportedSides(files, sides, summaries, problems)


def by_rule(samples: Iterable[LogSample], missing: str) -> Iterator[LogSample]:
    """Samples by the rule for those without a response: kept, empty, or dropped."""
    for sample in samples:
        if sample.text is not None or missing == "unknown":
            yield sample
        elif missing == "wrong":
            yield sample._replace(text="", finish="stop")
