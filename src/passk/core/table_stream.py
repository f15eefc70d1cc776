"""Writing a table of any length in groups of rows, of which one is held at a time.

A table of one group is written as `Table.write` writes it, byte for byte.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from passk.core.files import replacing
from passk.core.tables import Table, TableError, content_digest


def write_groups(table: Table, groups: Iterable[pl.DataFrame], path: Path) -> int:
    """Check and write groups of rows, whole or not at all.

    Args:
        table: the contract.
        groups: at least one frame; rows in the order of the table's key, across groups too.
        path: of the file.

    Returns:
        Rows written.

    Raises:
        TableError: a group does not keep the contract, or does not come after the one before.
    """
    rest = iter(groups)
    first = next(rest)
    second = next(rest, None)
    if second is None:
        return table.write(first, path).height
    with replacing(path) as temporary:
        return _write(table, _chain(first, second, rest), path, temporary)


def _chain(
    first: pl.DataFrame, second: pl.DataFrame, rest: Iterator[pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    yield first
    yield second
    del first, second
    yield from rest


def _write(table: Table, groups: Iterator[pl.DataFrame], path: Path, temporary: Path) -> int:
    state = hashlib.sha256()
    rows, last, writer = 0, None, None
    try:
        for group in groups:
            frame = table.check(group, str(path))
            last = _check_order(table, frame, last, path)
            state.update(content_digest(frame).encode())
            arrow = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            writer = writer or pq.ParquetWriter(temporary, arrow.schema, compression="zstd")
            writer.write_table(arrow)
            rows += frame.height
        if writer is not None:
            writer.add_key_value_metadata(
                {"schema": f"{table.name}/{table.version}", "digest": state.hexdigest()}
            )
    finally:
        if writer is not None:
            writer.close()
    return rows


def _check_order(
    table: Table, frame: pl.DataFrame, last: tuple[Any, ...] | None, path: Path
) -> tuple[Any, ...]:
    """The key of a group's last row; raises where its first is not behind the one before."""
    keys = frame.select(table.key)
    if last is not None and keys.row(0) <= last:
        raise TableError(
            f"{table.name} table {path}: row {keys.row(0)} stands behind {last}; rows are written "
            "in the order of their keys"
        )
    return keys.row(-1)
