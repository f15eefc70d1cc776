"""Questions and right answers from a file of their own, for samples that lack them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from passk.core.rows import RecordedError, Row, each_row
from passk.data import recorded_values
from passk.data.judging_ids import id_text
from passk.data.value_paths import MISSING, asked, lookup
from passk.logs.fields import Fields, first, names
from passk.logs.files import recognise
from passk.logs.formats import plain
from passk.logs.sample import LogSample
from passk.logs.side import ONE_SET, Side, SideProblem, find
from passk.logs.summary import LogReading

_READ = ("problem", "question", "reference", "set")


def read_problems(path: Path, given: Mapping[str, str]) -> Side:
    """Problems by their id, and by their question.

    Args:
        path: a table in any of the formats of rows.
        given: kind -> path, as named for the samples; it counts where this file has it, too.

    Raises:
        RecordedError: a row without a right answer, a problem twice, columns that may be meant.
    """
    problems: Side = {}
    for row in each_row(path):
        fields = _fields(row, given)
        question = asked(first(row.values, fields.question))
        reference = first(row.values, fields.reference)
        if reference is MISSING:
            raise RecordedError(
                f"{row.place}: no right answer; found {names(row)}. Name its column: --column "
                "gold=COLUMN"
            )
        text = question if isinstance(question, str) and question else None
        problem = SideProblem(row.place, text, recorded_values.references(reference, row.place))
        name = first(row.values, fields.problem)
        set_name = first(row.values, fields.set)
        names_of = [None if name is MISSING else id_text(name), text]
        in_set = None if set_name is MISSING else id_text(set_name)
        for key in filter(None, names_of):
            place = in_set or ONE_SET, key
            if place in problems and problems[place].references != problem.references:
                raise RecordedError(
                    f"{row.place}: problem {key[:80]!r} stands in {problems[place].place} too, "
                    "with another right answer; drop one, or name the column of ids"
                )
            problems[place] = problem
    return problems


def reading_beside(
    reading: LogReading, samples: Sequence[Path], problems: Path | None
) -> LogReading:
    """How samples are read, without the columns that were named for the file of problems alone.

    Raises:
        RecordedError: a file cannot be read.
    """
    if problems is None or not reading.fields:
        return reading
    stated = next(iter(each_row(problems))).values
    _, log_format = recognise(samples[0], reading.format)
    drawn = next(iter(log_format.rows(samples[0]))).values
    kept = {
        kind: path
        for kind, path in reading.fields.items()
        if kind not in _READ
        or lookup(stated, path) is MISSING
        or lookup(drawn, path) is not MISSING
    }
    return replace(reading, fields=kept)


def _fields(row: Row, given: Mapping[str, str]) -> Fields:
    named = {
        kind: (path,)
        for kind, path in given.items()
        if kind in _READ and lookup(row.values, path) is not MISSING
    }
    return plain.narrow(row, Fields(response=()).narrowed(**named), _READ)


def state(
    samples: Iterable[LogSample], problems: Side, unknown: Counter[str]
) -> Iterator[LogSample]:
    """Samples with the questions and right answers of a file of problems.

    Args:
        samples: of a draw.
        problems: from `read_problems`.
        unknown: counts the samples of each problem that the file does not have; they stay as
            they are.
    """
    for sample in samples:
        key = sample.set or ONE_SET, sample.problem
        problem = find(problems, key, (sample.question,))
        if problem is None:
            unknown[sample.problem] += 1
            yield sample
        else:
            question = problem.question or sample.question
            yield sample._replace(question=question, references=problem.references)
