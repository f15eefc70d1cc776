"""Sources of real problems, as data (`sources.yaml`), and whether a file is what it should be.

Example:
    >>> source("humaneval_plus").problems
    164
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML

from passk.core.digests import file_digest, files_digest
from passk.core.legal import unknown
from passk.core.rows import RecordedError, Row, each_row
from passk.core.yaml_files import ParameterError, is_path
from passk.core.yaml_files import read as read_yaml
from passk.data.origins import Origin
from passk.data.readers import READERS
from passk.domains.benchmark_problem import ANY_FILE
from passk.domains.registry import DOMAINS


class OtherFileError(RecordedError):
    """A file is not the one that is known.

    Attributes:
        fact: what was found, without a remedy: that depends on who reads the file.
    """

    def __init__(self, fact: str, remedy: str) -> None:
        super().__init__(f"{fact}, or {remedy}")
        self.fact = fact


class BenchmarkSource(BaseModel):
    """What a benchmark is: an entry of `sources.yaml`, where the keys are explained."""

    model_config = ConfigDict(extra="forbid")

    title: str
    domain: str
    reader: str
    options: dict[str, Any] = Field(default_factory=dict)
    licence: str | None = None
    homepage: str
    revision: str | None = None
    sha256: dict[str, str] = Field(default_factory=dict)
    problems: int | None = None
    origin: Origin | None = None
    parts: dict[str, str] = Field(default_factory=dict)
    tried: str | None = None
    layout: str | None = None

    def identity(self) -> dict[str, Any]:
        """What the problems that are read depend on: all but where the file is from.

        Keys that were added later stand in it only where they are given.
        """
        later = {"origin", "parts", "tried", "layout"}
        said = self.model_dump(mode="json", exclude=later)
        return said | ({"parts": self.parts} if self.parts else {})

    @model_validator(mode="after")
    def _known(self) -> Self:
        for key, name, registry in (
            ("domain", self.domain, DOMAINS), ("reader", self.reader, READERS),
        ):  # fmt: skip
            for fault in unknown(key, name, registry, registry.kind):
                raise ValueError(fault)
        return self


@cache
def sources() -> Mapping[str, BenchmarkSource]:
    """All sources by name, without their other names."""
    return {
        name: BenchmarkSource.model_validate(entry)
        for name, entry in _entries().items()
        if not isinstance(entry, str)
    }


@cache
def other_names() -> Mapping[str, str]:
    """Other names of sources -> the name that they stand for."""
    return {name: entry for name, entry in _entries().items() if isinstance(entry, str)}


@cache
def _entries() -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath("sources.yaml").read_text(encoding="utf-8")
    entries: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return entries


def source(name: str | BenchmarkSource) -> BenchmarkSource:
    """A source by its name in `sources.yaml`, or by the path of a YAML file with such an entry.

    A description stands for itself.

    Raises:
        RecordedError: no such source (it names what is legal, the nearest first), or no such file,
            or one that is no description.
    """
    if isinstance(name, BenchmarkSource):
        return name
    if is_path(name):
        return _described(Path(name))
    name = other_names().get(name, name)
    for fault in unknown("source", name, sources(), "benchmark"):
        raise RecordedError(fault)
    return sources()[name]


@cache
def _described(path: Path) -> BenchmarkSource:
    """What a file of one's own says of a benchmark: the keys of one entry of `sources.yaml`."""
    try:
        return BenchmarkSource.model_validate(read_yaml(path))
    except (ParameterError, ValidationError) as error:
        raise RecordedError(
            f"source {path}: no description of a benchmark, whose keys are those of an entry of "
            f"passk/data/sources.yaml: {error}"
        ) from error


def files(path: Path) -> list[Path]:
    """The files at a path: itself, or those of a folder (`test.jsonl`, `test2.jsonl`, ...).

    Files of a folder come in the order of the numbers in their names.

    Raises:
        RecordedError: no such file, or a folder without one.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise RecordedError(f"{path}: no such file or folder; see `path`")

    def order(file: Path) -> list[tuple[int, str]]:
        parts = re.split(r"(\d+)", file.name.partition(".")[0])
        return [(int(part), "") if part.isdigit() else (0, part) for part in parts]

    endings = (".jsonl", ".jsonl.gz", ".json", ".parquet")
    paths = sorted((file for file in path.iterdir() if file.name.endswith(endings)), key=order)
    if not paths:
        raise RecordedError(f"{path}: no file that ends in {', '.join(endings)}; see `path`")
    return paths


def digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files, in hex."""
    paths = files(path)
    return file_digest(path) if paths == [path] else files_digest(paths, path)


def published(path: Path, domain: str) -> str | None:
    """The benchmark of a domain that a published file is, by its digest; None: none is known."""
    if not path.is_file():
        return None
    actual = digest(path)
    return next(
        (
            name
            for name, entry in sources().items()
            if entry.domain == domain and actual in entry.sha256.values()
        ),
        None,
    )


def check_file(name: str | BenchmarkSource, path: Path, sha256: str | None = None) -> str:
    """Check that a file is the published one; returns its digest.

    Args:
        name: of the source.
        path: the file, or the folder.
        sha256: digest that it must have; `any` takes every file; None: one of the source's
            own, and every file where none is recorded.

    Raises:
        OtherFileError: another digest; it names both and the remedy.
    """
    actual = digest(path)
    wanted = list(source(name).sha256.values()) if sha256 is None else [sha256]
    if sha256 == ANY_FILE or not wanted or actual in wanted:
        return actual
    raise OtherFileError(
        f"{path}: sha256 is {actual}, but {_called(name)} has {' or '.join(wanted)}. Get the file "
        "from "
        f"{source(name).homepage}",
        f"if this is the one you mean, give `sha256: {actual}` or `sha256: {ANY_FILE}` "
        "in the parameters",
    )


def _called(name: str | BenchmarkSource) -> str:
    return name.title if isinstance(name, BenchmarkSource) else name


def check_number(
    name: str | BenchmarkSource, number: int, path: Path, sha256: str | None = None
) -> None:
    """Check how many problems a file held, unless the parameters say which file it is.

    Raises:
        OtherFileError: it names both numbers and the remedy.
    """
    wanted = source(name).problems
    if sha256 is None and wanted is not None and number != wanted:
        raise OtherFileError(
            f"{path}: {number} problems, but {_called(name)} has {wanted}. Get the whole file from "
            f"{source(name).homepage}",
            f"give `sha256: {ANY_FILE}` in the parameters",
        )


def rows(path: Path) -> Iterator[Row]:
    """The rows of a file or folder, one after the other.

    Raises:
        RecordedError: a file cannot be read, or holds no row.
    """
    for file in files(path):
        yield from each_row(file)
