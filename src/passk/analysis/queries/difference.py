"""How far the trained model is ahead of the base model at each k, paired by problem."""

from pathlib import Path

import polars as pl

from passk.analysis.cells import Cell, clip
from passk.analysis.database import query
from passk.analysis.queries.inputs import Inputs
from passk.analysis.queries.pass_at_k import curves
from passk.analysis.statistics import Curve

SQL = Path(__file__).parent / "difference.sql"
_LIMITS = {
    "pair": pl.String, "set": pl.String, "k": pl.Int64, "low": pl.Float64, "high": pl.Float64,
    "band_low": pl.Float64, "band_high": pl.Float64,
}  # fmt: skip


def bootstrap(inputs: Inputs, base: Cell, rl: Cell) -> tuple[list[int], Curve]:
    """The common grid of a pair and its bootstrapped difference RL - base."""
    grid = clip(inputs.analysis.k, base, rl)
    return grid, inputs.curve(rl, grid) - inputs.curve(base, grid)


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `difference`."""
    estimates = query(
        SQL, {"curves": curves(inputs.counts, inputs.analysis.k), "pairs": inputs.pairs()}
    )
    limits = [pl.DataFrame(schema=_LIMITS)]
    for name, base, rl in inputs.compared():
        grid, difference = bootstrap(inputs, base, rl)
        level = inputs.analysis.bootstrap.level
        rows = {"pair": [name] * len(grid), "set": [base.set] * len(grid), "k": grid}
        found = [*difference.interval(level), *difference.band(level)]
        columns = dict(zip(("low", "high", "band_low", "band_high"), found, strict=True))
        limits.append(pl.DataFrame(rows | columns, schema=_LIMITS))
    return estimates.join(pl.concat(limits), on=["pair", "set", "k"], validate="1:1")
