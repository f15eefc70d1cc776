"""Samples in one form on disk: a Parquet file that is written a batch at a time.

`passk import` writes it, and everything that reads files of samples reads it: it is a format like
any other (`passk.logs.formats.normal`).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from passk.core.files import replacing
from passk.logs.sample import LogSample

BATCH = 2048  # samples, if they are short
BATCH_CHARACTERS = 1 << 24  # and fewer of long ones
COLUMNS = {
    "set": pl.String(),
    "problem": pl.String(),
    "question": pl.String(),
    "references": pl.List(pl.String()),
    "text": pl.String(),  # null: no response
    "holds": pl.String(),
    "number": pl.Int64(),
    "grade": pl.Boolean(),
    "finish": pl.String(),
    "tokens": pl.Int64(),
    "seed": pl.Int64(),
    "step": pl.Int64(),
}


def write(samples: Iterable[LogSample], path: Path) -> int:
    """Write samples as they come; returns how many. A file that fails on the way is not left."""
    import pyarrow.parquet as pq

    total = 0
    schema = _frame([]).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for batch in _batches(samples):
            writer.write_table(
                _frame(batch).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema)
            )
            total += len(batch)
    return total


def _batches(samples: Iterable[LogSample]) -> Iterator[list[LogSample]]:
    batch: list[LogSample] = []
    characters = 0
    for sample in samples:
        batch.append(sample)
        characters += len(sample.text or "") + len(sample.question or "")
        if len(batch) == BATCH or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _frame(samples: list[LogSample]) -> pl.DataFrame:
    rows = {name: [getattr(sample, name) for sample in samples] for name in COLUMNS}
    rows["references"] = [list(sample.references) for sample in samples]
    return pl.DataFrame(rows, schema=COLUMNS)
