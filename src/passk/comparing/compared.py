"""From the files of two sides to counts, and what was read of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from passk.comparing import counted, notes
from passk.comparing.benchmarked import pair_on_problems
from passk.comparing.draws import DRAWS
from passk.comparing.run import Judge, PairTables, count_pair, judge_pair
from passk.core.rows import RecordedError
from passk.data.judging_problems import read_problem_file
from passk.data.responses import Missing
from passk.domains.registry import DOMAINS
from passk.domains.settings import Verification
from passk.logs.alignment import align
from passk.logs.imported import by_rule
from passk.logs.known_problems import check_domain, read_answers
from passk.logs.reader import LogReading, LogSummary
from passk.logs.reader import read as read_log
from passk.logs.sample import LogSample
from passk.logs.side import Side, gather
from passk.logs.stated_problems import read_problems, reading_beside
from passk.logs.tables import tabulate_problems, tabulate_samples
from passk.report.agreement import agreement
from passk.report.read_draws import read_draw, read_file
from passk.report.reading import ReadDraw

DOMAIN = "math"
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
        domain: decides the judge; others than math need a file of problems.
        source: the benchmark that `problems` is; None: as its digest says, else a table.
        any_digest: take another file than the published one for the source's.
        problems_id: its column of ids, where it has another name.
        settings: of the judge.
    """

    reference: Sequence[Path]
    candidate: Sequence[Path]
    reading: LogReading = field(default_factory=LogReading)
    problems: Path | None = None
    missing: Missing = "unknown"
    min_n: int = 1
    domain: str = DOMAIN
    source: str | None = None
    any_digest: bool = False
    problems_id: str | None = None
    settings: Verification = field(default_factory=Verification)

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
        RecordedError: a file cannot be read, needs another judge, or the sides have nothing in
            common.
    """
    for files in sources.sides:
        check_domain(files, sources.reading, DOMAINS[sources.domain])
    if sources.domain != DOMAIN:
        return _count_on_problems(sources, judge, progress)
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
    only = {draw: len(aligned.only[draw]) for draw in DRAWS}
    names = [problem.key[1] for problem in aligned.problems]
    read = _Read(summaries, aligned.sides, only, list(notes.reworded(aligned.reworded)))
    return _judged(sources, tables, names, read, judge)


def _count_on_problems(sources: ComparedFiles, judge: Judge, progress: Progress) -> Compared:
    """The same where the file of problems holds all that a judge needs: tests, types, choices."""
    domain = DOMAINS[sources.domain]
    if sources.problems is None:
        raise RecordedError(
            f"--domain {domain.name}: {domain.needs_benchmark or 'needs problems'}; name its file "
            "with --problems"
        )
    fields = sources.reading.fields
    given = {"problem": fields.get("question"), "gold": fields.get("reference")}
    file = read_problem_file(
        sources.problems, domain, given, source=sources.source, any_digest=sources.any_digest
    )
    answered = {}
    for draw, files in zip(DRAWS, sources.sides, strict=True):
        answered[draw] = read_answers(
            files, sources.reading, file, domain,
            problems_id=sources.problems_id,
            progress=lambda samples, name=draw: by_rule(progress(samples, name), sources.missing),  # type: ignore[misc]
        )  # fmt: skip
    pair = pair_on_problems(answered, file, domain, sources.settings, sources.min_n)
    summaries = {draw: answered[draw].summary for draw in DRAWS}
    only = {draw: len(pair.sides[draw]) - len(pair.names) for draw in DRAWS}
    return _judged(
        sources, pair.tables, pair.names, _Read(summaries, pair.sides, only, pair.notes), judge
    )


@dataclass(frozen=True)
class _Read:
    """What was read of each draw: summary, problems, how many are not compared; and notes."""

    summaries: Mapping[str, LogSummary]
    sides: Mapping[str, Side]
    only: Mapping[str, int]
    notes: Sequence[str]


def _judged(
    sources: ComparedFiles, tables: PairTables, names: Sequence[str], read: _Read, judge: Judge
) -> Compared:
    """Verdicts on both draws, and their counts."""
    verdicts = judge_pair(tables, judge)
    reads = {}
    for draw, files in zip(DRAWS, sources.sides, strict=True):
        grades = tables.samples[draw]["recorded_grade"]
        drawn = read_draw(files, read.summaries[draw], read.sides[draw], read.only[draw])
        reads[draw] = drawn.graded(agreement(verdicts[draw]["verdict"], grades))
    keys = tables.problems.select("set", "problem_id").iter_rows()
    return Compared(
        count_pair(tables, verdicts), reads, verdicts, dict(zip(keys, names, strict=True)),
        read.notes,
    )  # fmt: skip


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
