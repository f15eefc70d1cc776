"""Reading rows that somebody else wrote: JSONL, JSON, CSV, TSV, Parquet or Excel, told by the name.

Files may be compressed (`passk.core.compressed`). JSON is a list of objects, or an object
of objects (a name -> its row, as MathVista publishes); a list in a file named `.jsonl`, and lines
in one named `.json`, are read as what they are. Half of a surrogate pair, which is no text, becomes
U+FFFD. Rows are read one by one; in memory at once are a batch of Parquet, JSON of up to 64 MB, and
Excel.
"""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from passk.core.compressed import DAMAGED, find_compression, open_bytes, open_text, plain_suffix
from passk.core.json_rows import json_rows, jsonl_rows
from passk.core.row import OneObjectError, RecordedError, Row

__all__ = ["OneObjectError", "RecordedError", "Row", "each_row", "read_rows"]

_BATCH = 512  # rows of a Parquet file that are in memory at once, if they are short
_BATCH_BYTES = 1 << 24  # and fewer of long ones
_LONGEST_CELL = 1 << 30  # characters of a CSV cell: the module's own limit is 131,072


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
    ".jsonl": jsonl_rows,
    ".ndjson": jsonl_rows,
    ".json": json_rows,
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
