"""How far the sampling efficiency gaps of several arms lie apart, beside what noise alone gives."""

from itertools import groupby

import polars as pl

from passk.analysis.cells import Cell
from passk.analysis.queries.efficiency import defined
from passk.analysis.queries.inputs import Inputs
from passk.analysis.statistics import spread
from passk.core.schemas.results import SPREAD


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `spread`: a row per group and set that at least two of its pairs share."""
    rows = []
    for group, names in inputs.analysis.groups.items():
        found = [(base, rl) for name, base, rl in inputs.compared() if name in names]
        found.sort(key=lambda cells: cells[0].set)
        k = inputs.analysis.gap_at(names[0])
        for name, cells in groupby(found, key=lambda cells: cells[0].set):
            if len(members := list(cells)) > 1:
                defined(k, names[0], members[0][0])
                rows.append({"group": group, "set": name, **_row(inputs, members, k)})
    return pl.DataFrame(rows, schema=dict(SPREAD.columns))


def _row(inputs: Inputs, members: list[tuple[Cell, Cell]], k: int) -> dict[str, float | int]:
    """The spread over the pairs of a group on one set."""
    gaps = [inputs.curve(base, [k]) - inputs.curve(rl, [1]) for base, rl in members]
    found = spread(gaps, inputs.analysis.bootstrap.level)
    return {
        "k": k,
        "pairs": len(members),
        "spread": found.spread,
        "noise": found.noise,
        "low": max(0.0, found.spread - found.noise),
        "high": found.spread + found.noise,
        "smallest": found.smallest,
        "smallest_low": found.smallest - found.margin,
        "smallest_high": found.smallest + found.margin,
    }
