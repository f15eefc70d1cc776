"""Problems that somebody's responses answer: of a table, or of a benchmark's published file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from passk.core.rows import RecordedError, Row, read_rows
from passk.data import sources as registry
from passk.data.benchmarks import read_benchmark
from passk.data.usual_columns import (
    USUAL,
    cell_of,
    find_column,
    missing_column,
    name_candidates,
    tell_apart_alike,
)
from passk.data.value_paths import asked
from passk.domains.benchmark_problem import ANY_FILE, BenchmarkProblem
from passk.domains.domain import Domain
from passk.domains.grading import Reference

NAME = "its name"  # the key that a benchmark's reader gives to each problem


@dataclass(frozen=True)
class JudgingProblem:
    """A problem that responses name.

    Attributes:
        position: in its file, from 0.
        row: of the file; `values` are its columns, by which responses name it.
        question: what is asked, where it is known.
        references: by what it is judged, of several any will do; empty: not yet read.
        prefix: what a completion continues.
        benchmark: as a benchmark's reader gave it; None: a row of a table.
    """

    position: int
    row: Row
    question: str | None = None
    references: tuple[Reference, ...] = ()
    prefix: str = ""
    benchmark: BenchmarkProblem | None = None


@dataclass(frozen=True)
class ProblemFile:
    """The problems of a file.

    Attributes:
        path: of the file.
        problems: in its order.
        source: the benchmark that it is; None: a table.
        columns: of a table: kind -> column.
    """

    path: Path
    problems: list[JudgingProblem]
    source: str | None
    columns: Mapping[str, str]


def read_benchmark_file(
    path: Path, source: str | None, domain: Domain, *, any_digest: bool = False
) -> ProblemFile | None:
    """The problems of a published file; None where it is a table.

    Args:
        path: of the file.
        source: the benchmark; None: as its digest says.
        domain: of the judge.
        any_digest: take another file than the published one for the source's.

    Raises:
        RecordedError: a benchmark of another domain, another file, or one that cannot be read.
    """
    name = source or _find_published(path, domain)
    if name is None:
        return None
    benchmark = registry.source(name)
    if benchmark.domain != domain.name:
        raise RecordedError(f"{path}: {name} needs --domain {benchmark.domain}, not {domain.name}")
    try:
        problems = read_benchmark(name, path, ANY_FILE if any_digest else None)
    except registry.OtherFileError as error:
        raise RecordedError(f"{error.fact}, or, to take it as it is, add --any-digest") from error
    return ProblemFile(path, _with_ids(path, problems, domain), name, {})


def _find_published(path: Path, domain: Domain) -> str | None:
    if (name := registry.published(path, domain.name)) is not None:
        return name
    others = {entry.domain for entry in registry.sources().values()} - {domain.name}
    found = [name for other in others if (name := registry.published(path, other)) is not None]
    if found:
        needed = registry.source(found[0]).domain
        raise RecordedError(f"{path}: is {found[0]}, whose answers need --domain {needed}")
    return None


def _with_ids(
    path: Path, problems: Sequence[BenchmarkProblem], domain: Domain
) -> list[JudgingProblem]:
    """A benchmark's problems beside the ids of their rows: any of them may name one.

    Not of programs: their files hold tests of gigabytes, and samples name them as the reader does.
    """
    usual = {*USUAL["problem_id"].sure, *USUAL["problem_id"].likely}
    ids = {
        row.place: {name: value for name, value in row.values.items() if name in usual}
        for row in ([] if domain.tested else registry.rows(path))
    }
    return [
        JudgingProblem(
            index,
            Row(problem.place, {NAME: problem.name, **ids.get(problem.place, {})}),
            question=problem.question,
            prefix=problem.prefix,
            benchmark=problem,
        )
        for index, problem in enumerate(problems)
    ]


def read_table(
    path: Path,
    rows: Sequence[Row],
    domain: Domain,
    given: Mapping[str, str | None],
) -> ProblemFile:
    """The problems of a table: a row each, with a gold answer, or with tests.

    Args:
        path: of the file.
        rows: of the file.
        domain: of the judge.
        given: columns that are named, by kind.

    Raises:
        RecordedError: no column of gold answers or tests, or several.
    """
    columns: dict[str, str] = {}
    if domain.tested:
        _require(rows, "tests", path, domain)
        columns["tests"] = "tests"
    else:
        if domain.needs_benchmark is not None:
            _require(rows, "answer_type", path, domain)
        gold = find_column("gold", rows, given.get("gold"))
        if gold is None:
            raise missing_column("gold", rows)
        columns["gold"] = gold
    named = given.get("problem")
    if named is not None or name_candidates("problem", rows):
        question = find_column("problem", _by_question(rows), named)
        if question is not None:
            columns["problem"] = question
    return ProblemFile(
        path, [JudgingProblem(index, row) for index, row in enumerate(rows)], None, columns
    )


def _by_question(rows: Sequence[Row]) -> Sequence[Row]:
    """Rows in which columns that tell problems apart alike are the same.

    A question and the prompt that is made of it differ in every row, and either will do.
    """
    names = name_candidates("problem", rows)
    groups = [[repr(row.values.get(name)) for row in rows] for name in names]
    if len(names) < 2 or any(not tell_apart_alike(groups[0], other) for other in groups[1:]):
        return rows
    return [Row(row.place, dict.fromkeys(names, "")) for row in rows]


def _require(rows: Sequence[Row], column: str, path: Path, domain: Domain) -> None:
    for row in rows:
        if column not in row.values:
            sources = registry.sources().items()
            legal = ", ".join(name for name, entry in sources if entry.domain == domain.name)
            raise RecordedError(
                f"{row.place}: no column {column!r}; found {sorted(row.values)}. If {path} is a "
                f"benchmark's published file, say which with --source: {legal}"
            )


def question_of(problem: JudgingProblem, file: ProblemFile) -> str | None:
    """What a problem asks, where its file says."""
    if problem.benchmark is not None or "problem" not in file.columns:
        return problem.question
    text = asked(cell_of(problem.row, file.columns["problem"], "problem"))
    return text if isinstance(text, str) else None


def read_problem_file(
    path: Path,
    domain: Domain,
    given: Mapping[str, str | None],
    *,
    source: str | None = None,
    any_digest: bool = False,
) -> ProblemFile:
    """The problems of a published file, or of a table; raises as those two."""
    published = read_benchmark_file(path, source, domain, any_digest=any_digest)
    return published or read_table(path, read_rows(path), domain, given)
