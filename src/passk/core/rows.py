"""Rows that somebody else wrote: JSON, JSON lines, CSV, TSV, Parquet, Excel, each also compressed.

JSON is a list of objects, or an object of objects (a name -> its row, as MathVista publishes). A
list may stand in a file named `.jsonl`, and lines in one named `.json`. Rows are read one by one;
only JSON that is no lines, and Excel, are read whole.
"""

import csv
import json
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from passk.core.byte_streams import COMPRESSED, damage, kind, open_bytes, open_text

ENTRY = "__entry__"  # the name of a row of an object of objects


class RecordedError(ValueError):
    """A file cannot be read as rows; the message names file, row and remedy."""


class Row(NamedTuple):
    """A row, and where it stands in words for messages."""

    place: str
    values: dict[str, Any]


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
    reader = _READERS.get(kind(path))
    if reader is None:
        raise RecordedError(
            f"{path}: expected {', '.join(_READERS)}, also with {', '.join(COMPRESSED)}"
        )
    row = None
    try:
        for row in reader(path):
            yield row
    except damage() as error:
        raise RecordedError(f"{path}: damaged, or not UTF-8 text ({error})") from error
    if row is None:
        raise RecordedError(f"{path}: holds no row")


def _json(path: Path) -> Iterator[Row]:
    """Rows of JSON, whatever its name says: lines of objects, a list, or an object of objects."""
    with open_text(path) as stream:
        first = _first_line(stream)
        if first is None:
            return
        number, line = first
        if _is_object(line):
            yield from _json_lines(path, chain([line], stream), number)
            return
    with open_text(path) as stream:
        content = _whole(path, stream)
    yield from _entries(path, content)


def _first_line(stream: TextIO) -> tuple[int, str] | None:
    """Number and text of the first line that is not blank."""
    for number, line in enumerate(stream, 1):
        if line.strip():
            return number, line
    return None


def _is_object(line: str) -> bool:
    """Whether a line alone is an object: then each line is one."""
    if not line.lstrip().startswith("{"):
        return False
    try:
        values = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        # Of a file of lines this one is at fault, not of an object that goes on for lines.
        return line.rstrip().endswith("}") and len(line.strip()) > 1
    # An object of objects on one line is a whole file.
    return not (values and all(isinstance(value, dict) for value in values.values()))


def _json_lines(path: Path, lines: Iterator[str], start: int) -> Iterator[Row]:
    for number, line in enumerate(lines, start):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            values = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise RecordedError(f"{place}: not valid JSON ({error}); mend the line") from error
        yield Row(place, _mapping(values, place))


def _whole(path: Path, stream: TextIO) -> object:
    try:
        return json.load(stream)
    except (json.JSONDecodeError, RecursionError) as error:
        raise RecordedError(f"{path}: not valid JSON ({error}); mend it") from error


def _entries(path: Path, content: object) -> Iterator[Row]:
    if isinstance(content, dict):
        if content and all(isinstance(values, dict) for values in content.values()):
            for name, values in content.items():
                yield Row(f"{path}, entry {name!r}", {ENTRY: name} | values)
        else:
            yield Row(f"{path}, entry 1", content)
        return
    if not isinstance(content, list):
        raise RecordedError(
            f"{path}: expected objects, a list or an object of them; found {type(content).__name__}"
        )
    for number, values in enumerate(content, 1):
        place = f"{path}, entry {number}"
        yield Row(place, _mapping(values, place))


def _mapping(values: object, place: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise RecordedError(f"{place}: expected an object, found {type(values).__name__}")
    return values


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)  # a response is often longer than the 128 KiB by default
    with open_text(path) as stream:
        reader = csv.reader(stream, delimiter="\t" if kind(path) == ".tsv" else ",", strict=True)
        try:
            header = next(reader, None)
            if header is None:
                return
            if len(set(header)) < len(header):
                raise RecordedError(f"{path}: two columns of one name in {header}; rename one")
            for cells in reader:
                place = f"{path}, line {reader.line_num}"
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise RecordedError(
                        f"{place}: {len(cells)} cells, but {len(header)} columns; mend the line"
                    )
                yield Row(
                    place, {name: _cell(cell) for name, cell in zip(header, cells, strict=True)}
                )
        except csv.Error as error:
            raise RecordedError(
                f"{path}, line {reader.line_num}: {error}; mend the line"
            ) from error


def _cell(cell: str) -> object:
    """A cell of text: lists and objects stand in it as JSON, an empty one is null."""
    if cell[:1] in {"[", "{"}:
        try:
            return json.loads(cell)
        except json.JSONDecodeError:
            return cell
    return cell or None


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source: Any = path if _is_plain(path) else pa.BufferReader(_content(path))
        with pq.ParquetFile(source) as file:
            number = 0
            for batch in file.iter_batches(batch_size=512):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(f"{path}, row {number}", values)
    except pa.ArrowException as error:
        raise RecordedError(f"{path}: not a readable Parquet file ({error})") from error


def _is_plain(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def _content(path: Path) -> bytes:
    with open_bytes(path) as stream:
        return stream.read()


def _excel(path: Path) -> Iterator[Row]:
    import polars as pl

    try:
        frame = pl.read_excel(_content(path), infer_schema_length=None)
    except (pl.exceptions.PolarsError, ValueError, ImportError) as error:
        raise RecordedError(f"{path}: not a readable Excel file ({error})") from error
    except Exception as error:
        # the reader below polars has errors of its own, which are no ValueError
        if type(error).__module__.startswith("fastexcel"):
            raise RecordedError(f"{path}: not a readable Excel file ({error})") from error
        raise
    for number, values in enumerate(frame.iter_rows(named=True), 2):
        yield Row(f"{path}, row {number}", values)


_READERS = {
    ".jsonl": _json,
    ".ndjson": _json,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".xlsx": _excel,
}
