"""Which problems the base model and the trained model can solve, and which only one of them.

A problem solved once in n samples by one draw and never by the other may be luck. So each of the
two one-sided categories says how many of its problems are told apart by more: Fisher's exact test
per problem, one-sided at half of 1 - level as in a two-sided interval, with Holm's correction over
all problems of the set.
"""

from pathlib import Path

import numpy as np
import polars as pl

from passk.analysis.cells import Cell
from passk.analysis.database import query
from passk.analysis.proportions import luck, told_apart
from passk.analysis.queries.inputs import Inputs

SQL = Path(__file__).parent / "coverage.sql"
_CERTAIN = {
    "pair": pl.String, "set": pl.String, "category": pl.String, "certain": pl.Int64,
}  # fmt: skip


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `coverage`."""
    level = inputs.analysis.bootstrap.level
    certain = [
        (name, base.set, category, alone(one, other, level))
        for name, base, rl in inputs.compared()
        for category, one, other in (("base_only", base, rl), ("rl_only", rl, base))
    ]
    found = query(SQL, {"counts": inputs.counts, "pairs": inputs.pairs()})
    counted = pl.DataFrame(certain, schema=_CERTAIN, orient="row")
    return found.join(counted, on=["pair", "set", "category"], how="left", validate="1:1")


def alone(one: Cell, other: Cell, level: float) -> int:
    """How many problems one draw solves and the other does not, beyond luck, all at one level."""
    # A test is made for every problem of the set: which are solved is itself an outcome.
    chances = np.where(other.c == 0, luck(one.c, other.n, one.n), 1.0)
    return told_apart(chances, (1.0 + level) / 2)
