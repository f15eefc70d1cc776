"""Samples: what a model answered, and how likely it was."""

import polars as pl

from passk.core.tables import Table

SAMPLES = Table(
    "samples",
    1,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "problem_id": pl.String(),
        "sample_index": pl.Int64(),
        "seed": pl.Int64(),  # stream of this sample; two samples never share one
        "template": pl.String(),
        "prompt_digest": pl.String(),
        "text": pl.String(),
        "token_ids": pl.List(pl.Int32()),
        "n_tokens": pl.Int64(),  # with the end-of-text token, where one was drawn
        "finish_reason": pl.String(),  # stop | length | aborted; imported: also unknown | missing
        "sum_logprob": pl.Float64(),  # nats, temperature 1, untruncated
        "mean_entropy": pl.Float64(),  # nats, at the draw's temperature, before top-p
        "token_logprobs": pl.List(pl.Float32()),
        "recorded_grade": pl.Boolean(),  # imported samples only
    },
    key=("draw", "set", "problem_id", "sample_index"),
    nullable=frozenset(
        {
            "seed", "prompt_digest", "token_ids", "n_tokens", "sum_logprob", "mean_entropy",
            "token_logprobs", "recorded_grade", "template",
        }
    ),
)  # fmt: skip

# Responses that somebody else drew, as `import@NAME` keeps them.
RESPONSES = Table(
    "responses",
    2,
    {
        "problem_id": pl.String(),
        "sample_index": pl.Int64(),
        "text": pl.String(),  # empty where there is none
        "finish_reason": pl.String(),  # stop | length | unknown | missing
        "recorded_grade": pl.Boolean(),
        "n_tokens": pl.Int64(),
        "seed": pl.Int64(),
    },
    key=("problem_id", "sample_index"),
    nullable=frozenset({"recorded_grade", "n_tokens", "seed"}),
)
