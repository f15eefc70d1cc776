"""A table contract: columns, types, key; checked before a file is written and after it is read.

Parquet metadata holds the schema version and a content digest, nothing else.

Example:
    >>> points = Table("points", 1, {"x": pl.Int64()}, key=("x",))
    >>> points.check(pl.DataFrame({"x": [2, 1]}))["x"].to_list()
    [1, 2]
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from passk.core.files import replacing


class TableError(ValueError):
    """A table does not keep its contract; the message names table, column, row and remedy."""


@dataclass(frozen=True)
class Table:
    """The contract of one kind of Parquet file.

    Attributes:
        name: what the table is called in messages.
        version: raised when a column's name, type or meaning changes.
        columns: column name -> Polars type, in file order.
        key: columns whose values together are unique; rows are stored in their order.
        nullable: columns in which null is legal.
    """

    name: str
    version: int
    columns: Mapping[str, pl.DataType]
    key: tuple[str, ...]
    nullable: frozenset[str] = field(default_factory=frozenset)

    def check(self, frame: pl.DataFrame, where: str = "") -> pl.DataFrame:
        """Return the frame in canonical column and row order, or raise TableError."""
        label = f"{self.name} table{f' {where}' if where else ''}"
        if missing := [name for name in self.columns if name not in frame.columns]:
            raise TableError(f"{label}: missing column(s) {missing}; found {frame.columns}")
        try:
            frame = frame.select(
                pl.col(name).cast(kind, strict=True) for name, kind in self.columns.items()
            )
        except PolarsError as error:
            raise TableError(f"{label}: a column has the wrong type: {error}") from error
        for name in self.columns:
            if name not in self.nullable and frame[name].null_count():
                row = frame[name].is_null().arg_max()
                raise TableError(f"{label}: column {name!r} is null in row {row}; fill or drop it")
        frame = frame.sort(self.key, maintain_order=True)
        repeated = frame.select(self.key).is_duplicated()
        if repeated.any():
            first = frame.filter(repeated).select(self.key).row(0, named=True)
            raise TableError(f"{label}: {int(repeated.sum())} rows share a key, first {first}")
        return frame

    def fill_nulls(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with null in the nullable columns that it lacks."""
        return frame.with_columns(
            pl.lit(None, kind).alias(name)
            for name, kind in self.columns.items()
            if name in self.nullable and name not in frame.columns
        )

    def write(self, frame: pl.DataFrame, path: Path) -> pl.DataFrame:
        """Check, then write atomically (temporary name, rename). Returns what was written."""
        frame = self.check(frame, str(path))
        metadata = {"schema": f"{self.name}/{self.version}", "digest": content_digest(frame)}
        with replacing(path) as temporary:
            frame.write_parquet(temporary, metadata=metadata)
        return frame

    def read(self, path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Read a table of this contract; columns: the ones wanted, all by default."""
        schema = read_metadata(path).get("schema")
        if schema != f"{self.name}/{self.version}":
            raise TableError(
                f"{path}: schema is {schema!r}, this code reads {self.name}/{self.version!r}; "
                "run the stage that makes it again"
            )
        return read_parquet(path, list(columns or self.columns))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors of a Parquet file name it."""
    if not path.exists():
        raise TableError(f"{path}: no such file; run the stage that makes it")
    try:
        yield
    except (PolarsError, OSError) as error:
        raise TableError(
            f"{path}: not a readable Parquet file ({error}); delete it and run its stage again"
        ) from error


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """A Parquet file of any kind, whole or the given columns.

    Raises:
        TableError: it is missing, damaged, or lacks a column; names the file.
    """
    with _named(path):
        return pl.read_parquet(path, columns=None if columns is None else list(columns))


def read_metadata(path: Path) -> dict[str, str]:
    """What a Parquet file says about itself, e.g. `schema` and `digest`; raises as above."""
    with _named(path):
        return pl.read_parquet_metadata(path)


def content_digest(frame: pl.DataFrame) -> str:
    """Digest of a frame's rows, independent of the file's encoding."""
    state = hashlib.sha256(repr(frame.schema).encode())
    state.update(frame.write_ipc(None, compat_level=pl.CompatLevel.oldest()).getvalue())
    return state.hexdigest()
