"""A published file as the problems of its benchmark."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from passk.core.digests import files_digest
from passk.core.rows import RecordedError
from passk.data import sources
from passk.data.readers import READERS
from passk.data.sources import BenchmarkSource
from passk.domains.base_reader import distinct
from passk.domains.benchmark_problem import ANY_FILE, BenchmarkProblem


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
    check_files(name, path, sha256)
    if source.parts:
        problems = distinct(_join_parts(source, path))
    else:
        problems = distinct(READERS[source.reader](sources.rows(path), source.options))
    sources.check_number(name, len(problems), path, sha256)
    if unknown := sorted(set(without) - {problem.name for problem in problems}):
        raise RecordedError(
            f"{path}: without {unknown}: no such problem of {source.title}; remove them"
        )
    return [problem for problem in problems if problem.name not in without]


def _join_parts(source: BenchmarkSource, path: Path) -> Iterator[BenchmarkProblem]:
    """The problems of a joined source, part after part.

    A problem is called by its part's source and its own name: `gsm8k_train/12`.
    """
    for part, name in source.parts.items():
        for problem in read_benchmark(name, path / part, ANY_FILE):
            yield replace(problem, name=f"{name}/{problem.name}")


def check_files(name: str | BenchmarkSource, path: Path, sha256: str | None = None) -> None:
    """Check that the files of a source are the published ones.

    Of a joined source each part is checked by what is recorded of it; a digest that is stated is
    that of all files, `joined_digest`.

    Raises:
        RecordedError: no such file, or another one; it names both digests and the remedy.
    """
    source = sources.source(name)
    if not source.parts:
        sources.check_file(name, path, sha256)
        return
    stated = sha256 not in (None, ANY_FILE)
    if stated and (actual := joined_digest(source, path)) != sha256:
        raise sources.OtherFileError(
            f"{path}: the digest of its files is {actual}, not {sha256}",
            f"if these are the ones you mean, give `sha256: {actual}` in the parameters",
        )
    for part, joined in source.parts.items():
        check_files(joined, path / part, None if sha256 is None else ANY_FILE)


def joined_digest(source: BenchmarkSource, path: Path) -> str:
    """Digest of a source's file, of a folder's files, or of all files of a joined source."""
    return files_digest(list_files(source, path), path) if source.parts else sources.digest(path)


def list_files(name: str | BenchmarkSource, path: Path) -> list[Path]:
    """All files of a source; raises as `sources.files`."""
    parts = sources.source(name).parts
    if not parts:
        return sources.files(path)
    return [file for part, joined in parts.items() for file in list_files(joined, path / part)]
