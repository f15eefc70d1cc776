"""The sampling efficiency gap: pass@k of the base model less pass@1 of the trained one."""

from pathlib import Path

import polars as pl

from passk.analysis.cells import Cell
from passk.analysis.database import query
from passk.analysis.queries.inputs import Inputs
from passk.analysis.queries.pass_at_k import curves

SQL = Path(__file__).parent / "efficiency.sql"
_LIMITS = {"pair": pl.String, "set": pl.String, "low": pl.Float64, "high": pl.Float64}


def defined(k: int, pair: str, base: Cell) -> None:
    """Refuse a k above the base draw's n: never clipped, never extrapolated."""
    if k > base.smallest_n:
        raise ValueError(
            f"efficiency_k = {k} of pair {pair!r}: draw {base.draw!r} has n = {base.smallest_n} in "
            f"set {base.set!r}, and pass@k is not defined for k above n; "
            f"legal: at most {base.smallest_n}, or raise draws.{base.draw}.n"
        )


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `efficiency`.

    Raises:
        ValueError: `efficiency_k` exceeds the base draw's n.
    """
    level = inputs.analysis.bootstrap.level
    limits = []
    gaps = {name: inputs.analysis.gap_at(name) for name in inputs.analysis.pairs}
    for name, base, rl in inputs.compared():
        k = gaps[name]
        defined(k, name, base)
        low, high = (inputs.curve(base, [k]) - inputs.curve(rl, [1])).interval(level)
        limits.append((name, base.set, float(low[0]), float(high[0])))
    estimates = query(
        SQL,
        {
            "curves": curves(inputs.counts, sorted({1, *gaps.values()})),
            "pairs": inputs.pairs().with_columns(
                k=pl.col("pair").replace_strict(gaps, return_dtype=pl.Int64)
            ),
        },
    )
    found = pl.DataFrame(limits, schema=_LIMITS, orient="row")
    return estimates.join(found, on=["pair", "set"], validate="1:1")
