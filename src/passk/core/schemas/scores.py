"""Scores: how likely a model finds responses that another one, or itself, has drawn."""

import polars as pl

from passk.core.tables import Table

SCORES = Table(
    "scores",
    1,
    {
        "score": pl.String(),  # the entry of `scores:`
        "draw": pl.String(),  # whose responses
        "set": pl.String(),
        "problem_id": pl.String(),
        "sample_index": pl.Int64(),
        "verdict": pl.String(),  # correct | wrong | unknown
        "finish_reason": pl.String(),  # of the sample
        "n_tokens": pl.Int64(),  # that were scored, T
        "sum_logprob": pl.Float64(),  # nats, temperature 1, untruncated
        "perplexity": pl.Float64(),  # exp(-sum_logprob / T); null where T = 0
        "token_logprobs": pl.List(pl.Float32()),  # null where they are not kept
    },
    key=("score", "set", "problem_id", "sample_index"),
    nullable=frozenset({"perplexity", "token_logprobs"}),
)
