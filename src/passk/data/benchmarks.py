"""A published file as the problems of its benchmark."""

from collections.abc import Collection
from pathlib import Path

from passk.core.rows import RecordedError
from passk.data import sources
from passk.data.readers import READERS
from passk.domains.base_reader import distinct
from passk.domains.benchmark_problem import BenchmarkProblem


def read_benchmark(
    name: str, path: Path, sha256: str | None = None, without: Collection[str] = ()
) -> list[BenchmarkProblem]:
    """The problems of a published file, checked against what is recorded of it.

    What the file itself does not hold (expected outputs of tests, images) is still to be filled in;
    see `passk.domains.completions`.

    Args:
        name: of the source, or the path of its description.
        path: the file, or a folder of files.
        sha256: as for `sources.check_file`.
        without: names of problems to leave out.

    Raises:
        RecordedError: unknown source, another file, a malformed row; it names the remedy.
    """
    source = sources.source(name)
    sources.check_file(name, path, sha256)
    problems = distinct(READERS[source.reader](sources.rows(path), source.options))
    sources.check_number(name, len(problems), path, sha256)
    if unknown := sorted(set(without) - {problem.name for problem in problems}):
        raise RecordedError(f"{path}: without {unknown}: no such problem of {name}; remove them")
    return [problem for problem in problems if problem.name not in without]
