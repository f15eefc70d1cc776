"""Condensing long tables to a row per (draw, set, problem), the cells that expectations look at."""

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from passk.data.expectations.declared import DeclaredDraw
from passk.domains.expectations import Expect, expect_equal, expect_none

_CELL = ("draw", "set", "problem_id")


def faults(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Per cell: how many rows, how numbered, and per fault how often and where first.

    Args:
        rows: `draw, set, problem_id, sample_index` and a Boolean column per fault.
        names: the fault columns.

    Returns:
        A row per cell: `n`, `numbered` (1 + the largest index), `repeated` and each fault as a
        count, with `FAULT_at`, the first sample index at fault, null where there is none.
    """
    index = pl.col("sample_index")
    repeated = index.is_duplicated()
    counts = [pl.len().cast(pl.Int64).alias("n"), (index.max() + 1).alias("numbered")]
    for name, expression in (
        ("repeated", repeated),
        *((name, pl.col(name).fill_null(value=False)) for name in names),
    ):
        counts += [
            expression.sum().cast(pl.Int64).alias(name),
            index.filter(expression).min().alias(f"{name}_at"),
        ]
    return rows.group_by(_CELL).agg(counts)


def complete(
    cells: pl.DataFrame,
    problems: pl.DataFrame,
    draws: Mapping[str, DeclaredDraw],
    exempted: Collection[str],
) -> pl.DataFrame:
    """Cells beside those that the parameters ask for.

    Returns:
        All cells, with the problem's `index` (-1 for a stray one), `wanted` (the draw's n; without
        one the draw's largest; for an exempted draw and a stray cell its own),
        `missing` and `stray` as 0 or 1.
    """
    pairs = [(name, sampled, draw.n) for name, draw in draws.items() for sampled in draw.sets]
    schema = {"draw": pl.String, "set": pl.String, "wanted": pl.Int64}
    wanted = pl.DataFrame(pairs, schema=schema, orient="row").join(problems, on="set")
    both = wanted.join(cells, on=_CELL, how="full", coalesce=True)
    counts = [c for c in cells.columns if c not in _CELL and not c.endswith("_at")]
    own = pl.col("draw").is_in(list(exempted)) | (pl.col("stray") == 1)
    return both.with_columns(
        missing=pl.col("n").is_null().cast(pl.Int64),
        stray=pl.col("index").is_null().cast(pl.Int64),
        index=pl.col("index").fill_null(-1),
        **{name: pl.col(name).fill_null(0) for name in counts},
    ).with_columns(
        wanted=pl.when(own)
        .then("n")
        .otherwise(pl.col("wanted").fill_null(pl.col("n").max().over("draw")))
    )


def exempt(draws: Mapping[str, DeclaredDraw], imported_same_n: bool) -> list[str]:
    """Draws whose problems may differ in n: the recorded ones, unless the parameters forbid it."""
    if imported_same_n:
        return []
    return [name for name, draw in draws.items() if draw.recorded]


def shares(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Per draw and set: how many rows, and the share of those for which a column is true."""
    share = pl.col(name).cast(pl.Float64).mean().alias(name)
    return rows.group_by("draw", "set").agg(pl.len().cast(pl.Int64).alias("rows"), share)


def completeness(what: str, remedy: str) -> Sequence[Expect]:
    """What holds of samples and verdicts alike: all there, once, and no others."""
    return [
        expect_none("missing", "cells", f"every problem of a draw's sets has a {what}", remedy),
        expect_none("stray", "cells", f"every {what} is of a problem of the draw's sets", remedy),
        expect_none("repeated", "cells", f"no {what} index occurs twice", remedy),
        expect_equal(
            "n", "wanted", "cells", f"every problem has as many {what}s as the draw says", remedy
        ),
        expect_equal("n", "numbered", "cells", f"{what} indices run from 0 without gaps", remedy),
    ]
