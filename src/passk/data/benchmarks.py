"""A published file as the problems of its benchmark."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from passk.core.rows import RecordedError
from passk.data import sources
from passk.data.readers import READERS
from passk.data.sources import BenchmarkSource
from passk.domains.base_reader import distinct
from passk.domains.benchmark_problem import BenchmarkProblem


def read_benchmark(
    name: str | BenchmarkSource,
    path: Path,
    sha256: str | None = None,
    without: Collection[str] = (),
) -> list[BenchmarkProblem]:
    """The problems of a published file, checked against what is recorded of it.

    What the file itself does not hold (expected outputs of tests, images) is still to be filled in;
    see `passk.domains.completions`.

    Args:
        name: of the source, the path of its description, or the description itself.
        path: the file, or a folder of files; of a joined source the folder of its parts.
        sha256: as for `sources.check_file`.
        without: names of problems to leave out.

    Raises:
        RecordedError: unknown source, another file, a malformed row; it names the remedy.
    """
    source = sources.source(name)
    if source.parts:
        problems = distinct(_join_parts(source, path, sha256))
    else:
        sources.check_file(name, path, sha256)
        problems = distinct(READERS[source.reader](sources.rows(path), source.options))
    sources.check_number(name, len(problems), path, sha256)
    if unknown := sorted(set(without) - {problem.name for problem in problems}):
        raise RecordedError(
            f"{path}: without {unknown}: no such problem of {source.title}; remove them"
        )
    return [problem for problem in problems if problem.name not in without]


def _join_parts(
    source: BenchmarkSource, path: Path, sha256: str | None
) -> Iterator[BenchmarkProblem]:
    """The problems of a joined source, part after part, each checked as a source of its own.

    A problem is called by its part's source and its own name: `gsm8k_train/12`.
    """
    for part, name in source.parts.items():
        for problem in read_benchmark(name, path / part, sha256):
            yield replace(problem, name=f"{name}/{problem.name}")


def check_files(name: str | BenchmarkSource, path: Path, sha256: str | None = None) -> None:
    """Check that the files of a source, of a joined one those of each part, are the published ones.

    Raises:
        RecordedError: no such file, or another one; it names both digests and the remedy.
    """
    source = sources.source(name)
    if not source.parts:
        sources.check_file(name, path, sha256)
    for part, joined in source.parts.items():
        check_files(joined, path / part, sha256)


def list_files(name: str | BenchmarkSource, path: Path) -> list[Path]:
    """All files of a source; raises as `sources.files`."""
    parts = sources.source(name).parts
    if not parts:
        return sources.files(path)
    return [file for part, joined in parts.items() for file in list_files(joined, path / part)]
