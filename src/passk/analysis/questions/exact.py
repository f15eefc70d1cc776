"""Exact pass@k of draws whose every response was expanded, far past n, and its limit."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.tables import Table

LARGEST = 2**20

TABLE = Table(
    "exact",
    1,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "k": pl.Int64(),
        "pass_at_k": pl.Float64(),  # mean of 1 - (1 - p)^k over the problems of the set
        "low": pl.Float64(),  # the same
        "high": pl.Float64(),  # where all that was not expanded were right
        "valid_pass_at_k": pl.Float64(),  # of valid chains; null where nobody knows
        "limit": pl.Float64(),  # share of problems to which some response is right: pass@infinity
        "problems": pl.Int64(),
    },
    key=("draw", "set", "k"),
    nullable=frozenset({"valid_pass_at_k"}),
)


def extend(grid: Iterable[int]) -> list[int]:
    """A grid with all powers of two up to LARGEST.

    Example:
        >>> extend([1, 3])[:4], extend([1])[-1]
        ([1, 2, 3, 4], 1048576)
    """
    return sorted({*grid, *(2**i for i in range(LARGEST.bit_length()))})


def compute_exact_curves(inputs: QuestionInputs) -> pl.DataFrame:
    """A row for each expanded draw, set, and k: the grid of the study, then powers of two."""
    grid = extend(inputs.analysis.k)
    rows = []
    for (draw, name), part in inputs.expansions.group_by("draw", "set", maintain_order=True):
        right = part["right"].to_numpy()
        most = np.minimum(right + part["unexpanded"].to_numpy(), 1.0)
        valid = None if part["valid"].null_count() else part["valid"].to_numpy()
        for k in grid:
            reached, possible = (float((1 - (1 - p) ** k).mean()) for p in (right, most))
            chains = None if valid is None else float((1 - (1 - valid) ** k).mean())
            limit = float((right > 0).mean())
            rows.append((draw, name, k, reached, reached, possible, chains, limit, len(part)))
    return pl.DataFrame(rows, schema=dict(TABLE.columns), orient="row")


QUESTION = AnalysisQuestion(TABLE, compute_exact_curves, trace_draw, reads="expansions")
