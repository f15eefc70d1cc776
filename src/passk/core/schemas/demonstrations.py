"""Demonstrations: what a model is fine-tuned on, a response beside its question."""

import polars as pl

from passk.core.tables import Table

ANSWERS = "answers"  # `source` of demonstrations that no model drew

DEMONSTRATIONS = Table(
    "demonstrations",
    1,
    {
        "set": pl.String(),
        "problem_id": pl.String(),
        "question": pl.String(),
        "starter_code": pl.String(),
        "response": pl.String(),  # text, without the token that ends it
        "source": pl.String(),  # the draw, or "answers"
        "sample_index": pl.Int64(),  # null where no model drew it
    },
    key=("set", "problem_id", "sample_index"),
    nullable=frozenset({"starter_code", "sample_index"}),
)
