"""How reward, response length, entropy and other quantities moved while models were trained."""

import polars as pl

from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_arm
from passk.core.tables import Table

TABLE = Table(
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

OF_ROLLOUTS = ("step", "reward", "length", "entropy")  # what every log of rollouts has
OF_FINE_TUNING = ("step", "loss")


def join_logs(inputs: QuestionInputs) -> pl.DataFrame:
    """The training logs of all arms, one row per step, arms in the order of their names.

    A log without rewards is one of fine-tuning. What a log does not say is null.

    Raises:
        ValueError: a log lacks a value that every such arm has.
    """
    frames = [pl.DataFrame(schema=dict(TABLE.columns))]
    for arm, log in sorted(inputs.training.items()):
        needed = OF_ROLLOUTS if "reward" in log.columns else OF_FINE_TUNING
        if missing := [name for name in needed if name not in log.columns]:
            raise ValueError(f"arm {arm!r}: its training log lacks {missing}; it has {log.columns}")
        named = log.with_columns(arm=pl.lit(arm))
        frames.append(
            named.select(
                (pl.col(name) if name in named.columns else pl.lit(None).alias(name)).cast(kind)
                for name, kind in TABLE.columns.items()
            )
        )
    return pl.concat(frames)


QUESTION = AnalysisQuestion(TABLE, join_logs, trace_arm, reads="training")
