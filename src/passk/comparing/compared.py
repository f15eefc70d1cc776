"""From the files of two sides to counts, and what was read of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from passk.comparing import counted, notes
from passk.comparing.draws import DRAWS
from passk.comparing.page import agreement
from passk.comparing.run import Judge, PairTables, count_pair, judge_pair
from passk.core.rows import RecordedError
from passk.data.responses import Missing
from passk.logs.alignment import align
from passk.logs.format import FORMATS
from passk.logs.imported import by_rule
from passk.logs.reader import LogReading, LogSummary, recognise
from passk.logs.reader import read as read_log
from passk.logs.sample import LogSample
from passk.logs.side import gather
from passk.logs.stated_problems import read_problems, reading_beside
from passk.logs.tables import tabulate_problems, tabulate_samples
from passk.report.read_draws import read_draw, read_file
from passk.report.reading import ReadDraw

DOMAIN = "math"  # programs and answers about images need their benchmark
Progress = Callable[[Iterable[LogSample], str], Iterable[LogSample]]


@dataclass(frozen=True)
class ComparedFiles:
    """The files of both sides, and how they are read.

    Attributes:
        reference: files of the reference.
        candidate: files of the candidate.
        reading: how both are read.
        problems: a file of questions and right answers, where samples lack them.
        missing: what a row without a response is.
        min_n: problems with fewer samples on a side are left out.
    """

    reference: Sequence[Path]
    candidate: Sequence[Path]
    reading: LogReading = field(default_factory=LogReading)
    problems: Path | None = None
    missing: Missing = "unknown"
    min_n: int = 1

    @property
    def sides(self) -> tuple[Sequence[Path], Sequence[Path]]:
        """Files of reference and candidate."""
        return self.reference, self.candidate


@dataclass(frozen=True)
class Compared:
    """Counts of both draws, what was read, and verdicts where there were samples.

    Attributes:
        counts: of the problems that both have.
        reads: what was read for each draw.
        verdicts: of each draw, where there were samples.
        problems: (set, problem_id) -> what the files call the problem.
        notes: what a reader of these files should know.
    """

    counts: pl.DataFrame
    reads: dict[str, ReadDraw]
    verdicts: dict[str, pl.DataFrame] = field(default_factory=dict)
    problems: Mapping[tuple[str, str], str] = field(default_factory=dict)
    notes: Sequence[str] = ()


def count_samples(sources: ComparedFiles, judge: Judge, progress: Progress) -> Compared:
    """Read, pair, judge and count samples.

    Raises:
        RecordedError: a file cannot be read, needs another judge than that of math, or the sides
            have nothing in common.
    """
    _check_domains(sources)
    summaries = {draw: LogSummary() for draw in DRAWS}
    sides = {}
    for draw, files in zip(DRAWS, sources.sides, strict=True):
        reading = reading_beside(sources.reading, files, sources.problems)
        samples = progress(read_log(files, reading, summaries[draw]), draw)
        sides[draw] = gather(by_rule(samples, sources.missing))
    known = None
    if sources.problems is not None:
        known = read_problems(sources.problems, sources.reading.fields)
    aligned = align(sides, known, sources.min_n)
    tables = PairTables(
        tabulate_problems(aligned.problems, DOMAIN),
        {draw: tabulate_samples(aligned.problems, draw, DOMAIN, draw) for draw in DRAWS},
    )
    verdicts = judge_pair(tables, judge)
    reads = {}
    for draw, files in zip(DRAWS, sources.sides, strict=True):
        grades = tables.samples[draw]["recorded_grade"].to_list()
        read = read_draw(files, summaries[draw], aligned.sides[draw], len(aligned.only[draw]))
        reads[draw] = read.graded(agreement(verdicts[draw], grades))
    names = tables.problems.select("set", "problem_id").iter_rows()
    return Compared(
        count_pair(tables, verdicts),
        reads,
        verdicts,
        dict(zip(names, (problem.key[1] for problem in aligned.problems), strict=True)),
        list(notes.reworded(aligned.reworded)),
    )


def _check_domains(sources: ComparedFiles) -> None:
    """Raise RecordedError for a format of programs, or of answers about images."""
    for path in (path for files in sources.sides for path in files):
        log_format = FORMATS[recognise(path, sources.reading.format)[0]]
        if log_format.domain != DOMAIN:
            raise RecordedError(
                f"{path}: {log_format.title} needs the judge of domain {log_format.domain}, and "
                "only answers in math are judged here; judge each side by `passk judge FILE "
                f"--domain {log_format.domain} --problems FILE --source NAME --out V.parquet`, "
                "then compare these by --counts"
            )


def count_files(sources: ComparedFiles, columns: Sequence[dict[str, str]]) -> Compared:
    """Counts from a file of counts, or of verdicts, of each side.

    Args:
        sources: one file for each side; both may be the same, with columns of their own.
        columns: of each side, kind -> column.

    Raises:
        RecordedError: a file cannot be read, the sides have nothing in common, or no problem has
            enough samples.
    """
    sides = []
    for files, chosen in zip(sources.sides, columns, strict=True):
        if len(files) != 1:
            raise RecordedError("counts: give one file for each side")
        sides.append(counted.read_counts(files[0], chosen))
    reference, candidate = sides
    shared = counted.shared(reference, candidate, sources.min_n)
    table = counted.pair_counts(reference, candidate, shared)
    reads = {
        draw: _counted_draw(files[0], side, len(side) - len(shared))
        for draw, files, side in zip(DRAWS, sources.sides, sides, strict=True)
    }
    names = table.filter(draw=DRAWS[0]).select("set", "problem_id").iter_rows()
    problems = dict(zip(names, (problem for _, problem in shared), strict=True))
    return Compared(table, reads, problems=problems)


def _counted_draw(path: Path, side: counted.Counts, only: int) -> ReadDraw:
    sizes = [n for n, _, _ in side.values()]
    return ReadDraw(
        files=(read_file(path, "counts"),),
        rows=len(side),
        problems=len(side),
        samples=sum(sizes),
        smallest=min(sizes, default=0),
        largest=max(sizes, default=0),
        only=only,
    )
