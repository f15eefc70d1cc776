"""Verdicts: three-valued, with a reason."""

import polars as pl

from passk.core.tables import Table

CORRECT, WRONG, UNKNOWN = "correct", "wrong", "unknown"

VERDICTS = Table(
    "verdicts",
    1,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "problem_id": pl.String(),
        "sample_index": pl.Int64(),
        "answer": pl.String(),  # what was extracted; null where nothing was
        "verdict": pl.String(),
        "reason": pl.String(),
        "chain_valid": pl.Boolean(),  # null where no chain was parsed
        "grader": pl.String(),  # name, version and options digest
    },
    key=("draw", "set", "problem_id", "sample_index"),
    nullable=frozenset({"answer", "chain_valid"}),
)
