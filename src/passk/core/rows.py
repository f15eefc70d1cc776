"""Reading rows that somebody else wrote: JSONL, JSON, or Parquet, told by the name.

JSON is a list of objects, or an object of objects (a name -> its row, as MathVista publishes).
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from passk.core.files import FileError, read_json
from passk.core.tables import TableError, read_parquet


class RecordedError(ValueError):
    """A file cannot be read as rows; the message names file, row and remedy."""


class Row(NamedTuple):
    """A row, and where it stands in words for messages."""

    place: str
    values: dict[str, Any]


def _jsonl(path: Path) -> Iterator[Row]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            place = f"{path}, line {number}"
            try:
                values = json.loads(line)
            except json.JSONDecodeError as error:
                raise RecordedError(f"{place}: not valid JSON ({error}); mend the line") from error
            yield Row(place, _mapping(values, place))


def _json(path: Path) -> Iterator[Row]:
    try:
        rows = read_json(path, "mend it")
    except FileError as error:
        raise RecordedError(str(error)) from error
    if (
        isinstance(rows, dict)
        and rows
        and all(isinstance(values, dict) for values in rows.values())
    ):
        for name, values in rows.items():
            yield Row(f"{path}, entry {name!r}", values)
        return
    if not isinstance(rows, list):
        raise RecordedError(
            f"{path}: expected a list of objects, or an object of them; found {type(rows).__name__}"
        )
    for number, values in enumerate(rows, 1):
        place = f"{path}, entry {number}"
        yield Row(place, _mapping(values, place))


def _mapping(values: object, place: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise RecordedError(f"{place}: expected an object, found {type(values).__name__}")
    return values


def _parquet(path: Path) -> Iterator[Row]:
    try:
        frame = read_parquet(path)
    except TableError as error:
        raise RecordedError(str(error)) from error
    for number, values in enumerate(frame.iter_rows(named=True), 1):
        yield Row(f"{path}, row {number}", values)


_READERS = {
    (".jsonl",): _jsonl,
    (".jsonl", ".gz"): _jsonl,
    (".json",): _json,
    (".parquet",): _parquet,
}


def read_rows(path: Path) -> list[Row]:
    """All rows of a file.

    Raises:
        RecordedError: no such file, another kind of file, a malformed row, or no row.
    """
    return list(each_row(path))


def each_row(path: Path) -> Iterator[Row]:
    """The rows of a file one by one, for files larger than memory; raises as `read_rows`."""
    if not path.is_file():
        raise RecordedError(f"{path}: no such file")
    suffixes = path.suffixes
    reader = _READERS.get(tuple(suffixes[-2:])) or _READERS.get(tuple(suffixes[-1:]))
    if reader is None:
        raise RecordedError(f"{path}: expected .jsonl, .jsonl.gz, .json or .parquet")
    row = None
    try:
        for row in reader(path):
            yield row
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RecordedError(f"{path}: damaged, or not UTF-8 text ({error})") from error
    if row is None:
        raise RecordedError(f"{path}: holds no row")
