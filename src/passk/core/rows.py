"""Reading rows that somebody else wrote: JSONL, JSON, CSV, TSV, Parquet or Excel, told by the name.

Files may be compressed (`passk.core.compressed`). JSON is a list of objects, or an object
of objects (a name -> its row, as MathVista publishes); a list in a file named `.jsonl`, and lines
in one named `.json`, are read as what they are. Half of a surrogate pair, which is no text, becomes
U+FFFD. Rows are read one by one; in memory at once are a batch of Parquet, JSON of up to 64 MB, and
Excel.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from passk.core.compressed import DAMAGED, find_compression, open_bytes, open_text, plain_suffix
from passk.core.json_stream import JsonStream, mend_surrogates

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # in the text of a JSON document
_BATCH = 512  # rows of a Parquet file that are in memory at once, if they are short
_BATCH_BYTES = 1 << 24  # and fewer of long ones
_WHOLE = 1 << 26  # characters of JSON that are parsed at once; longer documents entry by entry
_LONGEST_CELL = 1 << 30  # characters of a CSV cell: the module's own limit is 131,072


class RecordedError(ValueError):
    """A file cannot be read as rows; the message names file, row and remedy."""


class OneObjectError(RecordedError):
    """A JSON file holds one object that is no table; who knows such files reads `values`."""

    def __init__(self, path: Path, values: dict[str, Any]) -> None:
        super().__init__(f"{path}: expected a list of objects, or an object of them; found dict")
        self.values = values


class Row(NamedTuple):
    """A row, and where it stands in words for messages."""

    place: str
    values: dict[str, Any]


def _parse(document: str, place: str) -> Any:  # noqa: ANN401  (JSON is anything)
    """A JSON document; RecordedError where it is none, or holds what no program should read."""
    try:
        values = json.loads(document)
    except RecursionError as error:
        raise RecordedError(f"{place}: nested too deeply; mend it") from error
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if error.lineno > 1 else ""
        fault = f"{error.msg}, {line}column {error.colno}"
        raise RecordedError(f"{place}: not valid JSON ({fault}); mend it") from error
    except ValueError as error:  # an integer of thousands of digits
        raise RecordedError(f"{place}: not valid JSON ({error}); mend it") from error
    return mend_surrogates(values) if _SURROGATE.search(document) else values


def _jsonl(path: Path, stream: IO[str]) -> Iterator[Row]:
    started = False
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        if not started and line.lstrip().startswith("["):
            rest = stream.read(_WHOLE)
            if len(rest) == _WHOLE:
                yield from _streamed(path)
            else:
                yield from _list_of_objects(path, place, line + rest)
            return
        started = True
        try:
            values = _parse(line, place)
        except RecordedError as error:
            if line.endswith("\n") or next(stream, None) is not None:
                raise
            raise RecordedError(
                f"{error}. It is the last line and has no end: was its writer stopped? Remove it"
            ) from error
        yield Row(place, _mapping(values, place))


def _list_of_objects(path: Path, place: str, document: str) -> Iterator[Row]:
    """The rows of a JSON list in a file of lines."""
    rows = _parse(document, place)
    if not all(isinstance(values, dict) for values in rows):
        raise RecordedError(f"{place}: expected an object, found list")
    yield from _entries(path, rows)


def _json(path: Path, stream: IO[str]) -> Iterator[Row]:
    document = stream.read(_WHOLE)
    if len(document) == _WHOLE:
        yield from _streamed(path)
        return
    try:
        rows = _parse(document, str(path))
    except RecordedError:
        lines = [line for line in document.splitlines() if line.strip()]
        if len(lines) < 2 or not _is_object(lines[0]):
            raise
        yield from _jsonl(path, io.StringIO(document))
        return
    yield from _entries(path, rows)


def _streamed(path: Path) -> Iterator[Row]:
    """Rows of JSON that is too long to be parsed at once: lines, a list, or objects by name."""
    with open_text(path) as stream:
        if _is_object(stream.readline(_WHOLE)):
            with open_text(path) as lines:
                yield from _jsonl(path, lines)
            return
    number = 0
    try:
        with open_text(path) as stream:
            document = JsonStream(stream)
            if document.peek() == "[":
                for number, values in enumerate(document.elements(), 1):
                    place = f"{path}, entry {number}"
                    yield Row(place, _mapping(values, place))
                return
            for name in document.names():
                if document.peek() != "{":
                    raise OneObjectError(path, skim(path))
                yield Row(f"{path}, entry {name!r}", document.value())
                number += 1
    except (ValueError, RecursionError) as error:
        if isinstance(error, RecordedError):
            raise
        raise RecordedError(
            f"{path}, behind entry {number}: not valid JSON ({error}); mend it"
        ) from error


def skim(path: Path) -> dict[str, Any]:
    """An object that is too long to be parsed at once: of what it nests, the first entry."""
    values: dict[str, Any] = {}
    with open_text(path) as stream:
        document = JsonStream(stream)
        for name in document.names():
            if document.peek() == "[":
                values[name] = [next(document.elements(), None)]
                break
            values[name] = document.value() if document.peek() != "{" else _first(document)
    return values


def _first(document: JsonStream) -> dict[str, Any]:
    """The first entry of the object that is next, which is read to its end."""
    first: dict[str, Any] = {}
    for name in document.names():
        value = document.value()
        first = first or {name: value}
    return first


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _entries(path: Path, rows: object) -> Iterator[Row]:
    if isinstance(rows, dict) and rows and all(isinstance(value, dict) for value in rows.values()):
        for name, values in rows.items():
            yield Row(f"{path}, entry {name!r}", values)
        return
    if isinstance(rows, dict):
        raise OneObjectError(path, rows)
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


def _csv(path: Path, stream: IO[str]) -> Iterator[Row]:
    """Cells are text."""
    csv.field_size_limit(_LONGEST_CELL)
    lines = csv.reader(stream, delimiter="\t" if plain_suffix(path) == ".tsv" else ",", strict=True)
    try:
        header = next(lines, [])
        if len(set(header)) < len(header):
            repeated = sorted({name for name in header if header.count(name) > 1})
            raise RecordedError(f"{path}, line 1: column(s) {repeated} stand twice; rename one")
        begins = lines.line_num + 1
        for cells in lines:
            place = f"{path}, line {begins}"
            begins = lines.line_num + 1
            if not cells:
                continue
            if len(cells) != len(header):
                raise RecordedError(
                    f"{place}: {len(cells)} cells for {len(header)} columns; quote the cells that "
                    "hold commas, quotes or line ends"
                )
            yield Row(place, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise RecordedError(f"{path}, line {lines.line_num}: no CSV ({error}); mend it") from error


def _parquet(path: Path) -> Iterator[Row]:
    """Rows of a batch at a time: a file, and a row group of it, may be larger than memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(_whole_or_path(path), pre_buffer=False, buffer_size=1 << 20) as file:
            for batch in file.iter_batches(batch_size=_batch_size(file.metadata)):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(f"{path}, row {number}", values)
    except pa.ArrowException as error:
        raise RecordedError(
            f"{path}: not a readable Parquet file ({error}); is it complete?"
        ) from error


def _batch_size(metadata: Any) -> int:  # noqa: ANN401  (pyarrow has no types)
    """Rows of a batch, fewer where they are long, as where a list holds a hundred responses."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    longest = max((g.total_byte_size / max(g.num_rows, 1) for g in groups), default=1)
    return max(1, min(_BATCH, int(_BATCH_BYTES / max(longest, 1))))


def _excel(path: Path) -> Iterator[Row]:
    import fastexcel
    import polars as pl

    try:
        frame = pl.read_excel(_whole_or_path(path), infer_schema_length=None)
    except (pl.exceptions.PolarsError, fastexcel.FastExcelError, ValueError) as error:
        first_line = str(error).partition("\n")[0]
        raise RecordedError(f"{path}: not a readable Excel file ({first_line})") from error
    for number, values in enumerate(frame.iter_rows(named=True), 2):
        yield Row(f"{path}, row {number}", values)


def _whole_or_path(path: Path) -> Any:  # noqa: ANN401  (either is read)
    """A file that is read in any order: its path, or the content of a compressed one."""
    if find_compression(path) is None:
        return path
    with open_bytes(path) as stream:
        return io.BytesIO(stream.read())


_TABLES: dict[str, Callable[[Path], Iterator[Row]]] = {".parquet": _parquet, ".xlsx": _excel}
_READERS: dict[str, Callable[[Path, IO[str]], Iterator[Row]]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _csv,
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
        raise RecordedError(
            f"{path}: {'a folder; name a file' if path.is_dir() else 'no such file'}"
        )
    suffix = plain_suffix(path)
    if suffix not in _TABLES and suffix not in _READERS:
        raise RecordedError(
            f"{path}: expected .jsonl, .jsonl.gz, .json or .parquet (or .csv, .tsv, .xlsx, "
            ".ndjson, each also .gz, .zst, .bz2, .xz)"
        )
    row = None
    try:
        if suffix in _TABLES:
            for row in _TABLES[suffix](path):
                yield row
        else:
            with open_text(path) as stream:
                for row in _READERS[suffix](path, stream):
                    yield row
    except DAMAGED as error:
        raise RecordedError(f"{path}: damaged, or not UTF-8 text ({error})") from error
    if row is None:
        raise RecordedError(f"{path}: holds no row")
