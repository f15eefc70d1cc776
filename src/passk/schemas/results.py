"""Results: the answer to each question, what the report is made of.

Limits `low` and `high` are those of `passk.analysis.statistics`, at `analysis.bootstrap.level`.
"""

import polars as pl

from passk.tables import Table

PASS_AT_K = Table(
    "pass_at_k",
    1,
    {
        "draw": pl.String(),
        "model": pl.String(),
        "arm": pl.String(),
        "step": pl.Int64(),
        "set": pl.String(),
        "temperature": pl.Float64(),  # null for imported samples; greedy draws are in `greedy`
        "k": pl.Int64(),
        "pass_at_k": pl.Float64(),  # unknown counted as not solved
        "low": pl.Float64(),
        "high": pl.Float64(),
        "bound_high": pl.Float64(),  # every unknown counted as solved
        "n": pl.Int64(),  # samples per problem; the smallest where problems differ
        "problems": pl.Int64(),
    },
    key=("draw", "set", "k"),
    nullable=frozenset({"step", "temperature"}),
)

DIFFERENCE = Table(
    "difference",
    1,
    {
        "pair": pl.String(),
        "set": pl.String(),
        "k": pl.Int64(),
        "difference": pl.Float64(),  # RL - base, paired by problem
        "low": pl.Float64(),
        "high": pl.Float64(),
    },
    key=("pair", "set", "k"),
)

CROSSOVER = Table(
    "crossover",
    1,
    {
        "pair": pl.String(),
        "set": pl.String(),
        "crossover_k": pl.Float64(),  # interpolated in log k; null: none within n
        "low": pl.Float64(),  # null: past the grid
        "high": pl.Float64(),  # null: past the grid
        "p_none": pl.Float64(),  # share of resamples without a crossover
    },
    key=("pair", "set"),
    nullable=frozenset({"crossover_k", "low", "high"}),
)

GREEDY = Table(
    "greedy",
    1,
    {
        "draw": pl.String(),
        "model": pl.String(),
        "set": pl.String(),
        "accuracy": pl.Float64(),
        "low": pl.Float64(),  # Wilson
        "high": pl.Float64(),
        "problems": pl.Int64(),
    },
    key=("draw", "set"),
)

COVERAGE = Table(
    "coverage",
    1,
    {
        "pair": pl.String(),
        "set": pl.String(),
        "category": pl.String(),  # both | base_only | rl_only | neither
        "problems": pl.Int64(),
        "share": pl.Float64(),
        "indices": pl.List(pl.Int64()),  # ascending
        "problem_ids": pl.List(pl.String()),  # in the order of the indices
    },
    key=("pair", "set", "category"),
)

HISTOGRAM = Table(
    "histogram",
    1,
    {
        "draw": pl.String(),
        "model": pl.String(),
        "set": pl.String(),
        "bin": pl.Int64(),  # 0..11, see passk.analysis.metrics.HISTOGRAM_LABELS
        "label": pl.String(),
        "problems": pl.Int64(),
        "share": pl.Float64(),
    },
    key=("draw", "set", "bin"),
)

EFFICIENCY = Table(
    "efficiency",
    1,
    {
        "pair": pl.String(),
        "set": pl.String(),
        "k": pl.Int64(),
        "dse": pl.Float64(),  # pass@k(base) - pass@1(RL)
        "low": pl.Float64(),
        "high": pl.Float64(),
    },
    key=("pair", "set", "k"),
)

TRAINING = Table(
    "training",
    1,
    {
        "arm": pl.String(),
        "step": pl.Int64(),
        "reward": pl.Float64(),
        "length": pl.Float64(),  # mean response length in tokens
        "entropy": pl.Float64(),  # mean token entropy in nats
        "loss": pl.Float64(),
        "grad_norm": pl.Float64(),
        "clip_fraction": pl.Float64(),
    },
    key=("arm", "step"),
    nullable=frozenset({"loss", "grad_norm", "clip_fraction"}),
)
