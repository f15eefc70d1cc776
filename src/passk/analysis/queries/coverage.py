"""Which problems the base model and the trained model can solve, and which only one of them.

A problem solved once in n samples by one draw and never by the other may be luck. So each of the
two one-sided categories says how many of its problems are told apart by more: Fisher's exact test
per problem, one-sided at half of 1 - level as in a two-sided interval, with Holm's correction over
all problems of the set.

Problems that are known to be faulty, say because they have several right answers and tests for one
of them, may be left out by their tags (`analysis.coverage_excludes`): which of two models never
solves them says little.
"""

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from passk.analysis.cells import Cell
from passk.analysis.database import query
from passk.analysis.proportions import luck, told_apart
from passk.analysis.queries.inputs import Inputs

SQL = Path(__file__).parent / "coverage.sql"
_CERTAIN = {
    "pair": pl.String, "set": pl.String, "category": pl.String, "certain": pl.Int64,
}  # fmt: skip
_LEFT_OUT = {"pair": pl.String, "set": pl.String, "excluded": pl.Int64}


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `coverage`."""
    level = inputs.analysis.bootstrap.level
    dropped = dict(inputs.excluded.group_by("set").agg("problem_id").iter_rows())
    certain, left_out = [], []
    for name, base, rl in inputs.compared():
        out = np.isin(base.problem_ids, dropped.get(base.set, []))
        left_out.append((name, base.set, int(out.sum())))
        for category, one, other in (("base_only", base, rl), ("rl_only", rl, base)):
            certain.append((name, base.set, category, alone(one, other, level, ~out)))
    counts = {"counts": inputs.counts, "pairs": inputs.pairs(), "excluded": inputs.excluded}
    found = query(SQL, counts)
    counted = pl.DataFrame(certain, schema=_CERTAIN, orient="row")
    without = pl.DataFrame(left_out, schema=_LEFT_OUT, orient="row")
    return found.join(counted, on=["pair", "set", "category"], how="left", validate="1:1").join(
        without, on=["pair", "set"], how="left", validate="m:1"
    )


def alone(one: Cell, other: Cell, level: float, kept: NDArray[np.bool_] | None = None) -> int:
    """How many problems one draw solves and the other does not, beyond luck, all at one level.

    Args:
        one: the draw that solves them.
        other: the draw that does not.
        level: of the test.
        kept: which problems are looked at; all by default.
    """
    # A test is made for every problem of the set: which are solved is itself an outcome.
    chances = np.where(other.c == 0, luck(one.c, other.n, one.n), 1.0)
    return told_apart(chances if kept is None else chances[kept], (1.0 + level) / 2)
