"""Files of samples to samples: joined over files, cut at stop strings, numbered, counted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from passk.core.rows import RecordedError, Row
from passk.data.recorded_values import matches
from passk.data.value_paths import MISSING, lookup
from passk.logs import stops
from passk.logs.fields import Fields, first, has_grades
from passk.logs.files import expand, natural, recognise
from passk.logs.format import LogFormat
from passk.logs.numbering import Key, Numbering
from passk.logs.reading_checks import check_ids, check_kept, check_named
from passk.logs.repeats import Repeats
from passk.logs.sample import LogSample
from passk.logs.stated_settings import SettingsReader
from passk.logs.summary import LogReading, LogSummary

# What a format's reader meets where a value is of another shape than its tool writes.
_OTHER_SHAPE = (TypeError, KeyError, AttributeError, IndexError)

__all__ = ["LogReading", "LogSummary", "expand", "natural", "read", "recognise"]


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
        RecordedError: a row that cannot be read, a number twice in one file, two checkpoints or
            models in one draw, a file that repeats another, a named column that no row has, or
            ids that seem to number samples.
    """
    draw = _Draw(reading, summary if summary is not None else LogSummary())
    taken: Counter[Key] = Counter()
    repeats = Repeats() if len(paths) > 1 else None
    for path in paths:
        numbering = Numbering()
        for sample in draw.read(path):
            key = sample.set, sample.problem
            number = numbering.take(key, sample.number)
            if number is None:
                raise RecordedError(
                    f"{sample.place}: sample {sample.number} of problem {_short(sample.problem)} "
                    "stands twice in the file; drop one, or name another column of sample "
                    "numbers: --column sample_index=COLUMN"
                )
            draw.summary.add(sample)
            draw.summary.repeated += repeats is not None and repeats.add(sample)
            yield sample._replace(number=taken[key] + number)
        taken.update(dict(numbering.sizes()))
        if repeats is not None:
            repeats.end(path)
    check_kept(paths, reading, draw.summary, draw.first_left_out)
    check_named(paths, reading, draw.summary, draw.named)
    check_ids(paths, reading, draw.summary)


@dataclass
class _Draw:
    """A draw while its files are read.

    Attributes:
        reading: how.
        summary: what was read.
        scorers: set -> the scorer whose rows are read.
        single: path -> the value that all rows have, and the place of the first.
        named: kinds whose named column some row has.
        first_left_out: by a condition.
    """

    reading: LogReading
    summary: LogSummary
    scorers: dict[object, object] = field(default_factory=dict)
    single: dict[str, tuple[object, str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    first_left_out: Row | None = None

    def read(self, path: Path) -> Iterator[LogSample]:
        """The samples of a file, cut and counted."""
        name, log_format = recognise(path, self.reading.format)
        self.summary.files[str(path)] = name
        match = log_format.seed.search(path.name)
        seed = int(match[1]) if match else None
        set_name = log_format.set_of(path)
        for row, fields in self._rows(path, log_format):
            try:
                drawn = list(log_format.read(row, fields))
            except _OTHER_SHAPE as error:
                raise _misread(row.place, log_format, error) from error
            self.summary.errors += not drawn
            for sample in drawn:
                told = sample
                if seed is not None and sample.seed is None:
                    told = told._replace(seed=seed)
                if set_name is not None and sample.set is None:
                    told = told._replace(set=set_name)
                yield self._finished(told)

    def _rows(self, path: Path, log_format: LogFormat) -> Iterator[tuple[Row, Fields]]:
        """The rows that are read, and the fields of each."""
        named = log_format.fields.named(dict(self.reading.fields))
        threshold = self.reading.grade_from
        given = replace(
            named,
            grade_from=named.grade_from if threshold is None else threshold,
            programs=self.reading.programs,
        )
        columns: dict[str, str] = {}
        settings = SettingsReader(log_format.settings, self.summary.settings)
        for row in _rows(path, log_format):
            self.summary.rows += 1
            wanted = self.reading.where.items()
            if not all(matches(lookup(row.values, where), value) for where, value in wanted):
                self.summary.left_out += 1
                self.first_left_out = self.first_left_out or row
                continue
            fields = log_format.narrow(row, given)
            if fields.is_grade_guessed and not has_grades(row, fields):
                self.summary.scores += 1
                fields = fields.narrowed(grade=())
            if self._is_rescored(row, fields, log_format):
                self.summary.rescored += 1
                continue
            self._check_single(row, log_format)
            settings.note(row.values)
            if len(self.named) < len(self.reading.fields):
                self._note_named(row)
            if not columns:
                columns = fields.present(row.values)
                self.summary.columns |= columns
            yield row, fields

    def _is_rescored(self, row: Row, fields: Fields, log_format: LogFormat) -> bool:
        """Whether another scorer's row of the same benchmark was read."""
        scorer = first(row.values, log_format.scorer)
        if scorer is MISSING or scorer is None:
            return False
        key = str(first(row.values, fields.set))
        if key not in self.scorers:
            self.summary.columns["scorer"] = str(scorer)
        return self.scorers.setdefault(key, scorer) != scorer

    def _check_single(self, row: Row, log_format: LogFormat) -> None:
        for path in log_format.single:
            value = lookup(row.values, path)
            if value is MISSING or value is None:
                continue
            known, place = self.single.setdefault(path, (value, row.place))
            if value != known:
                raise RecordedError(
                    f"{row.place}: {path} = {value!r}, and {known!r} in {place}; a draw is of one: "
                    f"choose by --where {path}={value}, or give the files of one"
                )

    def _note_named(self, row: Row) -> None:
        self.named |= {
            kind
            for kind, path in self.reading.fields.items()
            if lookup(row.values, path) is not MISSING
        }

    def _finished(self, sample: LogSample) -> LogSample:
        """A sample cut at its first stop string; it is counted."""
        summary = self.summary
        summary.graded += sample.grade is not None
        summary.right += sample.grade is True
        if sample.text is None:
            summary.missing += 1
            return sample
        summary.ends_stated += sample.finish != "unknown"
        text, stopped = stops.cut(sample.text, self.reading.stop)
        summary.cut += stopped
        summary.empty += not text.strip()
        summary.running_on += not stopped and stops.runs_on(text)
        summary.two_answers += not stopped and stops.has_two_answers(text)
        if stopped:
            sample = sample._replace(text=text, finish="stop")
        summary.truncated += sample.finish == "length"
        return sample


def _rows(path: Path, log_format: LogFormat) -> Iterator[Row]:
    try:
        yield from log_format.rows(path)
    except _OTHER_SHAPE as error:
        raise _misread(str(path), log_format, error) from error


def _misread(place: str, log_format: LogFormat, error: Exception) -> RecordedError:
    fault = f"{type(error).__name__}: {error}"
    return RecordedError(
        f"{place}: not as {log_format.title} writes it ({fault}); mend it, or name another format "
        "by --as"
    )


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
