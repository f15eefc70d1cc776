"""Expansions: the exact chance of a right response, from all that a draw can draw."""

import polars as pl

from passk.core.tables import Table

EXPANSIONS = Table(
    "expansions",
    1,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "problem_id": pl.String(),
        "right": pl.Float64(),  # chance of a right answer
        "valid": pl.Float64(),  # of one by a valid chain; null where nobody knows
        "unknown": pl.Float64(),  # of an unknown verdict, cut responses among them
        "unexpanded": pl.Float64(),  # of what was not followed
        "responses": pl.Int64(),  # that can be drawn
        "nodes": pl.Int64(),  # tokens of the tree
        # Of the likeliest responses: text, chance, verdict.
        "texts": pl.List(pl.String()),
        "chances": pl.List(pl.Float64()),
        "verdicts": pl.List(pl.String()),
    },
    key=("draw", "set", "problem_id"),
    nullable=frozenset({"valid"}),
)
