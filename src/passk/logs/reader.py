"""Files of samples to samples: recognised, joined over files, cut at stop strings, numbered."""

import glob
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from passk.core.rows import RecordedError, Row
from passk.logs import stops
from passk.logs.fields import Fields
from passk.logs.format import FORMATS, LogFormat
from passk.logs.sample import LogSample
from passk.logs.values import MISSING, lookup

PLAIN = "plain"  # any table, where no other format recognises it
_DIGITS = re.compile(r"(\d+)")
_PATTERN = re.compile(r"[*?\[]")
_READABLE = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".xlsx", ".eval")


@dataclass(frozen=True)
class LogReading:
    """How files are read; everything that is not stated is found out.

    Attributes:
        format: a name in `FORMATS`; None: recognised from the first row.
        fields: kind -> path, in place of the format's.
        where: path -> value, as text; other rows are left out.
        stop: strings before which a response ends.
        grade_from: the score from which a response is right.
    """

    format: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    stop: Sequence[str] = ()
    grade_from: float | None = None


@dataclass
class LogSummary:
    """What was read, for people: counted while samples stream by.

    Attributes:
        files: name of each file -> its format.
        columns: kind -> the path that was read.
        rows, left_out: rows read, and rows that `where` left out.
        samples: of each (set, problem).
        cut: responses that held a stop string.
        running_on: responses that seem to go on behind their answer, and were not cut.
        empty, missing: responses without text, and rows without a response.
        truncated, graded: samples that ended at their limit, and that somebody graded.
    """

    files: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    left_out: int = 0
    samples: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    cut: int = 0
    running_on: int = 0
    empty: int = 0
    missing: int = 0
    truncated: int = 0
    graded: int = 0


def expand(patterns: Iterable[str | Path]) -> list[Path]:
    """The files that names, globs and folders stand for, in natural order: `s2` before `s10`.

    Raises:
        RecordedError: one stands for no file.
    """
    files: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        matched = [path]
        if _PATTERN.search(str(pattern)) and not path.exists():
            matched = [Path(name) for name in glob.glob(str(pattern), recursive=True)]  # noqa: PTH207
        elif path.is_dir() and not _format_of_path(path):
            matched = [file for file in path.rglob("*") if _is_table(file)]
        if not matched or not all(file.exists() for file in matched):
            raise RecordedError(f"{pattern}: no such file")
        files |= dict.fromkeys(sorted(matched, key=natural))
    return list(files)


def natural(path: Path) -> list[tuple[int, int | str]]:
    """A key that sorts numbers within names by their value."""
    return [
        (0, int(part)) if part.isdecimal() else (1, part)
        for part in _DIGITS.split(str(path))
        if part
    ]


def _is_table(path: Path) -> bool:
    return path.is_file() and any(suffix in _READABLE for suffix in path.suffixes)


def _format_of_path(path: Path) -> str | None:
    return next((name for name, known in FORMATS.items() if known.opens(path)), None)


def recognise(path: Path, name: str | None = None) -> tuple[str, LogFormat]:
    """The format of a file, as named, or by its first row.

    Raises:
        RecordedError: it cannot be read as rows.
        UnknownNameError: no format of that name.
    """
    if name is not None:
        return name, FORMATS[name]
    if (found := _format_of_path(path)) is not None:
        return found, FORMATS[found]
    first = next(iter(FORMATS[PLAIN].rows(path)))
    for known, candidate in FORMATS.items():
        if known != PLAIN and candidate.recognises(first.values, path):
            return known, candidate
    return PLAIN, FORMATS[PLAIN]


def read(
    paths: Sequence[Path], reading: LogReading, summary: LogSummary | None = None
) -> Iterator[LogSample]:
    """The samples of one draw, from all of its files, numbered within each problem.

    Numbers go on from file to file: of two files that both count from 0, the second's samples
    follow the first's.

    Args:
        paths: from `expand`, in their order.
        reading: how.
        summary: filled while samples are taken.

    Raises:
        RecordedError: a row that cannot be read, a number twice in one file.
    """
    summary = summary if summary is not None else LogSummary()
    taken: Counter[tuple[str | None, str]] = Counter()
    for path in paths:
        name, log_format = recognise(path, reading.format)
        summary.files[str(path)] = name
        unnumbered: Counter[tuple[str | None, str]] = Counter()
        numbered: dict[tuple[str | None, str], set[int]] = defaultdict(set)
        for sample in _samples(path, log_format, reading, summary):
            key = sample.set, sample.problem
            number = sample.number
            if number is None:
                number = unnumbered[key]
                unnumbered[key] += 1
            elif number in numbered[key]:
                raise RecordedError(
                    f"{sample.place}: sample {number} of problem {sample.problem!r} stands twice "
                    "in the file; drop one, or name no column of sample numbers"
                )
            else:
                numbered[key].add(number)
            summary.samples[key] += 1
            yield sample._replace(number=taken[key] + number)
        taken.update(unnumbered)
        taken.update({key: max(numbers) + 1 for key, numbers in numbered.items()})


def _samples(
    path: Path, log_format: LogFormat, reading: LogReading, summary: LogSummary
) -> Iterator[LogSample]:
    fields = log_format.fields.named(dict(reading.fields))
    first_row = True
    if reading.grade_from is not None:
        fields = Fields(**{**fields.__dict__, "grade_from": reading.grade_from})
    match = log_format.seed.search(path.name) if log_format.seed else None
    seed = int(match[1]) if match else None
    first_filter: object = MISSING
    for row in log_format.rows(path):
        summary.rows += 1
        if not _wanted(row, reading.where):
            summary.left_out += 1
            continue
        if (filtered := row.values.get("filter", MISSING)) is not MISSING and "resps" in row.values:
            first_filter = filtered if first_filter is MISSING else first_filter
            if filtered != first_filter:
                continue
        if first_row:
            summary.columns |= fields.present(row.values)
            first_row = False
        for drawn in log_format.read(row, fields):
            sample = drawn if drawn.seed is not None else drawn._replace(seed=seed)
            sample = _cut(sample, reading.stop, summary)
            summary.graded += sample.grade is not None
            summary.truncated += sample.finish == "length"
            yield sample


def _cut(sample: LogSample, stop: Sequence[str], summary: LogSummary) -> LogSample:
    if sample.text is None:
        summary.missing += 1
        return sample
    text, stopped = stops.cut(sample.text, stop)
    summary.cut += stopped
    summary.empty += not text.strip()
    summary.running_on += not stopped and stops.runs_on(text)
    return sample._replace(text=text, finish="stop") if stopped else sample


def _wanted(row: Row, where: Mapping[str, str]) -> bool:
    return all(str(lookup(row.values, path)) == wanted for path, wanted in where.items())
