"""Counts: the one table that every number of the report comes from."""

import polars as pl

from passk.core.tables import Table

COUNTS = Table(
    "counts",
    1,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "problem_id": pl.String(),
        "index": pl.Int64(),  # the problem's index in its set
        "n": pl.Int64(),  # samples, unknown ones included
        "c": pl.Int64(),  # correct
        "d": pl.Int64(),  # correct with a valid chain; null where unlabelled
        "unknown": pl.Int64(),
        "model": pl.String(),
        "arm": pl.String(),
        "step": pl.Int64(),  # null for a model without checkpoints
        "train_seed": pl.Int64(),
        "template": pl.String(),
        "temperature": pl.Float64(),  # null for imported samples
        "replicate": pl.Int64(),
        "engine": pl.String(),
        "grader": pl.String(),
    },
    key=("draw", "set", "problem_id"),
    nullable=frozenset({"d", "step", "train_seed", "template", "temperature"}),
)
