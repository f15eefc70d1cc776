"""How pass@k grows with k, for every draw and set."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from passk.analysis.cells import clip
from passk.analysis.database import Source, query
from passk.analysis.queries.inputs import Inputs

SQL = Path(__file__).parent / "pass_at_k.sql"
_LIMITS = {
    "draw": pl.String, "set": pl.String, "k": pl.Int64, "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip


def curves(counts: Source, k: Sequence[int]) -> pl.DataFrame:
    """Estimates and upper bounds, clipped at each cell's smallest n; no intervals."""
    return query(SQL, {"counts": counts}, {"k": list(k)})


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `pass_at_k`."""
    rows = curves(inputs.counts, inputs.analysis.k)
    settings = inputs.analysis.bootstrap
    limits = [pl.DataFrame(schema=_LIMITS)]
    for (draw, set_name), cell in inputs.cells.items():
        grid = clip(inputs.analysis.k, cell)
        if cell.greedy or not grid:
            continue
        low, high = inputs.curve(cell, grid).interval(settings.level)
        names = {"draw": [draw] * len(grid), "set": [set_name] * len(grid), "k": grid}
        limits.append(pl.DataFrame({**names, "low": low, "high": high}, schema=_LIMITS))
    return rows.join(pl.concat(limits), on=["draw", "set", "k"], validate="1:1")
