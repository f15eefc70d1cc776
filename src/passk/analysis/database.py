"""Queries in `.sql` files over Parquet, run by DuckDB in memory.

One thread and a stated order, so that the same inputs give the same bytes; no extension is
loaded and nothing but the named tables is read.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from passk.core.tables import TableError

QueryTable = Sequence[Path] | pl.DataFrame  # Parquet files of one schema, or a frame


def query(
    sql: Path,
    tables: Mapping[str, QueryTable],
    parameters: Mapping[str, object] | None = None,
    threads: int = 1,
    memory: str | None = None,
) -> pl.DataFrame:
    """Run the query in a file.

    Args:
        sql: a file with one SELECT; it names its tables and `$parameters` in its first comment.
        tables: what the query may read: Parquet files of one schema, or a frame.
        parameters: values for `$name` in the query.
        threads: DuckDB's; more than one only where all sums are over whole numbers.
        memory: DuckDB's memory limit, e.g. `4GB`; its own default without.

    Returns:
        The result in the query's order.

    Raises:
        TableError: a file is missing or unreadable.
    """
    import duckdb  # here, so that checking parameters or a table's contract does not load it

    limit = {"memory_limit": memory} if memory else {}
    with duckdb.connect(config={"threads": threads, **limit}) as connection:
        connection.execute("SET enable_progress_bar = false")  # it would print on stdout
        for name, source in tables.items():
            if isinstance(source, pl.DataFrame):
                connection.register(name, source.to_arrow())
                continue
            for path in source:
                if not path.exists():
                    raise TableError(f"{path}: no such file; run the stage that makes it")
            try:
                connection.read_parquet([str(path) for path in source]).create_view(name)
            except duckdb.Error as error:
                raise TableError(
                    f"{', '.join(map(str, source))}: not readable as Parquet ({error}); "
                    "delete the damaged file and run its stage again"
                ) from error
        try:
            result = connection.sql(sql.read_text(encoding="utf-8"), params=dict(parameters or {}))
            return pl.DataFrame(pl.from_arrow(result.to_arrow_table()))
        except duckdb.Error as error:
            raise TableError(f"{sql.name}: {error}") from error
