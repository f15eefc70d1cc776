"""Rows of training logs: what each way to train writes of a step."""

from typing import NotRequired, TypedDict


class LossRow(TypedDict):
    """A step of pretraining.

    Attributes:
        step: from 1.
        loss: nats per learned token.
        learning_rate: of AdamW.
    """

    step: int
    loss: float
    learning_rate: float


class FineTuningRow(LossRow):
    """An update of fine-tuning.

    Attributes:
        grad_norm: before clipping.
    """

    grad_norm: float


class RolloutSummary(TypedDict):
    """What a step's rollouts say.

    Attributes:
        reward: mean over all groups drawn, those that are dropped too.
        reward_std: mean over groups of the standard deviation within each.
        signal: share of groups with unequal rewards.
        length: mean tokens per response.
        truncated: share of responses cut at the longest length.
        entropy: mean over tokens, nats.
        unknown: verdicts `unknown`.
        rollouts, tokens: drawn, greedy responses included.
        rounds: of rollouts.
        kl: divergence from the start model, nats per token; None where it is not measured.
        trained: share of the rows that a step asks for which it trains on.
        critic_loss, explained_variance: as `CriticSummary`, where there is a critic.
    """

    reward: float
    reward_std: float
    signal: float
    length: float
    truncated: float
    entropy: float
    unknown: int
    rollouts: int
    tokens: int
    rounds: int
    kl: float | None
    trained: NotRequired[float]
    critic_loss: NotRequired[float]
    explained_variance: NotRequired[float | None]


class CriticSummary(TypedDict):
    """What a critic learned in a step.

    Attributes:
        critic_loss: mean over its minibatches, each before its update.
        explained_variance: of the returns by its values; None where all returns are equal.
    """

    critic_loss: float
    explained_variance: float | None


class UpdateMeans(TypedDict):
    """An update, or the mean over a step's updates.

    Attributes:
        loss: of the policy.
        grad_norm: before clipping.
        learning_rate: of AdamW.
        clip_fraction: share of tokens whose ratio is clipped.
        kl: of the penalty, where there is one.
    """

    loss: float
    grad_norm: float
    learning_rate: float
    clip_fraction: float
    kl: NotRequired[float | None]


class StepRow(RolloutSummary):
    """A step of reinforcement learning: its rollouts, and the means over its updates."""

    step: int
    loss: float
    grad_norm: float
    learning_rate: float
    clip_fraction: float
