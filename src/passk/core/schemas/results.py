"""Results: the answer to each question, what the report is made of.

Limits `low` and `high` are those of `passk.analysis.statistics`, at `analysis.bootstrap.level`.
"""

import polars as pl

from passk.core.tables import Table

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
    2,
    {
        "pair": pl.String(),
        "set": pl.String(),
        "k": pl.Int64(),
        "difference": pl.Float64(),  # RL - base, paired by problem
        "low": pl.Float64(),
        "high": pl.Float64(),
        "band_low": pl.Float64(),  # limits that hold at every k of the grid at once
        "band_high": pl.Float64(),
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
    3,
    {
        "pair": pl.String(),
        "set": pl.String(),
        "category": pl.String(),  # both | base_only | rl_only | neither
        "problems": pl.Int64(),
        "share": pl.Float64(),
        "certain": pl.Int64(),  # of them, told apart by more than luck; null for both and neither
        "excluded": pl.Int64(),  # problems of the set that no category holds: their tags say so
        "indices": pl.List(pl.Int64()),  # ascending
        "problem_ids": pl.List(pl.String()),  # in the order of the indices
    },
    key=("pair", "set", "category"),
    nullable=frozenset({"certain"}),
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

FAILURES = Table(
    "failures",
    1,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "verdict": pl.String(),  # wrong | unknown
        "reason": pl.String(),  # as the grader gives it
        "samples": pl.Int64(),
        "problems": pl.Int64(),  # that have such a sample
        "share": pl.Float64(),  # of all samples of the draw on the set, correct ones included
    },
    key=("draw", "set", "verdict", "reason"),
)

EXAMPLES = Table(
    "examples",
    2,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "problem_id": pl.String(),
        "index": pl.Int64(),
        "rank": pl.Int64(),  # 1 for the problem that the base draw solves most rarely
        "question": pl.String(),
        "choices": pl.List(pl.String()),  # null where the answer is free
        "image": pl.String(),  # digest; null where there is none
        "picture": pl.Binary(),  # as the problem has it: PNG, whole
        "c": pl.Int64(),  # correct samples of the draw
        "n": pl.Int64(),
        "verdict": pl.String(),  # correct | wrong
        "reason": pl.String(),
        "sample_index": pl.Int64(),
        "text": pl.String(),  # the response, whole
    },
    key=("draw", "problem_id", "verdict"),
    nullable=frozenset({"choices", "image", "picture"}),
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

SPREAD = Table(
    "spread",
    1,
    {
        "group": pl.String(),
        "set": pl.String(),
        "k": pl.Int64(),
        "pairs": pl.Int64(),  # how many are compared
        "spread": pl.Float64(),  # largest less smallest sampling efficiency gap
        "noise": pl.Float64(),  # a spread that pairs of equal gaps exceed in 1 - level of cases
        "low": pl.Float64(),  # limits of the spread that hold for all its pairs at once
        "high": pl.Float64(),
        "smallest": pl.Float64(),  # smallest gap of the group, limits for all its pairs at once
        "smallest_low": pl.Float64(),
        "smallest_high": pl.Float64(),
    },
    key=("group", "set"),
)

SEEDS = Table(
    "seeds",
    1,
    {
        "name": pl.String(),  # draw (pass_at_k) or pair (difference, dse) of the lowest seed
        "set": pl.String(),
        "quantity": pl.String(),  # pass_at_k | difference | dse
        "k": pl.Int64(),
        "seeds": pl.Int64(),  # training seeds, at least 2
        "mean": pl.Float64(),  # over seeds
        "sd": pl.Float64(),  # over seeds, of one of them
        "low": pl.Float64(),  # limits of the mean by Student's t over seeds
        "high": pl.Float64(),
        "noise": pl.Float64(),  # dse of a pair in a group: a spread that equal pairs, each with
        # this sd, exceed in 1 - level of cases (studentized range); else null
        "train_seeds": pl.List(pl.Int64()),  # ascending
        "values": pl.List(pl.Float64()),  # in the order of the seeds
        "draws": pl.List(pl.String()),  # of all seeds in order; of a pair, base and RL
    },
    key=("name", "set", "quantity", "k"),
    nullable=frozenset({"noise"}),
)

TRAINING = Table(
    "training",
    3,
    {
        "arm": pl.String(),
        "step": pl.Int64(),
        "reward": pl.Float64(),  # null, as all of rollouts, where an arm is fine-tuned
        "length": pl.Float64(),  # mean response length in tokens
        "entropy": pl.Float64(),  # mean token entropy in nats
        "kl": pl.Float64(),  # to the start model, nats per token; null where not measured
        "rollouts": pl.Int64(),  # drawn in the step, refills and greedy ones included
        "tokens": pl.Int64(),  # generated in the step
        "rounds": pl.Int64(),  # of rollouts; more than 1 with dynamic sampling
        "signal": pl.Float64(),  # share of groups with unequal rewards
        "trained": pl.Float64(),  # share of the batch with a gradient
        "truncated": pl.Float64(),
        "loss": pl.Float64(),  # of fine-tuning: nats per learned token
        "grad_norm": pl.Float64(),
        "clip_fraction": pl.Float64(),
        "critic_loss": pl.Float64(),  # of arms with a critic
        "explained_variance": pl.Float64(),
    },
    key=("arm", "step"),
    nullable=frozenset(
        {
            "reward", "length", "entropy", "kl", "rollouts", "tokens", "rounds", "signal",
            "trained", "truncated", "loss", "grad_norm", "clip_fraction", "critic_loss",
            "explained_variance",
        }
    ),
)  # fmt: skip

COST = Table(
    "cost",
    1,
    {
        "arm": pl.String(),
        "steps": pl.Int64(),
        "rollouts": pl.Int64(),  # drawn over all steps; null where the log does not say
        "tokens": pl.Int64(),  # generated over all steps
        "rounds": pl.Float64(),  # of rollouts, mean over steps
        "trained": pl.Float64(),  # share of the batch with a gradient, mean over steps
        "reward": pl.Float64(),  # mean over the last tenth of the steps
    },
    key=("arm",),
    nullable=frozenset({"rollouts", "tokens", "rounds", "trained"}),
)
