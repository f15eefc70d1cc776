"""DAPO: group-normalised rewards, dynamic sampling, and a soft penalty on overlong responses.

Source: Yu et al. 2025, DAPO (arXiv 2503.14476): the advantage is equation 9, the condition of
dynamic sampling that under equation 11, the penalty equation 13. Clip-higher and the token-level
loss (equation 12) are the trainer's `epsilon_high` and `loss_type: dapo`. Rounds of rollouts are in
`passk.training.collection`.

Deviations from the source:
    1. A round after the first asks as many problems as are missing, not a whole batch, so no group
       with a signal is thrown away.
    2. Rounds are capped; a step trains on the groups it has then, and is no update without any.
    3. eps and the sample standard deviation, as in GRPO.
    4. The largest penalty is an option; the source's is 1. Responses end at the longest length, so
       nothing is longer than it, and the penalty there is the largest.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from passk.training.algorithms.algorithm import Algorithm, StepRewards

if TYPE_CHECKING:
    from torch import Tensor


class Dapo(Algorithm):
    """Dynamic sampling and a soft penalty on overlong responses (arXiv 2503.14476)."""

    label: ClassVar[str] = "DAPO"
    source: ClassVar[str] = "arXiv 2503.14476, equations 9 and 13"

    name: Literal["dapo"]
    eps: float = Field(default=1e-4, gt=0, description="Added to the group's standard deviation.")
    rounds: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="Rounds of rollouts per step at most; a group of equal rewards is dropped, and "
        "another problem is asked in its place.",
    )
    overlong_tokens: int = Field(
        default=0,
        ge=0,
        description="The penalty rises over the last so many tokens before max_new_tokens; 0 is "
        "no penalty.",
    )
    overlong_penalty: float = Field(
        default=1.0, ge=0, description="Largest penalty, at max_new_tokens."
    )

    def advantages(self, step: StepRewards) -> "Tensor":
        """See `dapo`."""
        return dapo(
            step.rewards,
            lengths=step.lengths,
            longest=step.longest,
            eps=self.eps,
            overlong_tokens=self.overlong_tokens,
            overlong_penalty=self.overlong_penalty,
        )

    def dynamic_rounds(self) -> int:
        """Groups of equal rewards are replaced in so many rounds."""
        return self.rounds

    def check(self, rollouts: int, max_new_tokens: int) -> None:
        """The penalty rises within a response."""
        if self.overlong_tokens > max_new_tokens:
            raise ValueError(
                f"algorithm.overlong_tokens = {self.overlong_tokens} is more than "
                f"max_new_tokens = {max_new_tokens}"
            )


def dapo(
    rewards: "Tensor",
    *,
    lengths: "Tensor",
    longest: int,
    eps: float,
    overlong_tokens: int,
    overlong_penalty: float,
) -> "Tensor":
    """A_i = (s_i - mean(s)) / (std(s) + eps) of the rewards less their penalties, s_i.

    Args:
        rewards: shape (prompts, rollouts), with at least two rollouts.
        lengths: tokens per response, same shape.
        longest: tokens a response can have.
        eps: added to the standard deviation.
        overlong_tokens: see `penalise_overlong`.
        overlong_penalty: see `penalise_overlong`.

    Returns:
        Advantages, shape (prompts, rollouts).

    Example:
        >>> import torch
        >>> dapo(torch.tensor([[1.0, 1.0, 0.0, 0.0]]), lengths=torch.tensor([[4, 8, 4, 4]]),
        ...      longest=8, eps=0.0, overlong_tokens=2, overlong_penalty=1.0)
        tensor([[ 1.5000, -0.5000, -0.5000, -0.5000]])
    """
    shaped = rewards - penalise_overlong(lengths, longest, overlong_tokens, overlong_penalty)
    shaped = shaped - shaped.amin(dim=1, keepdim=True)  # equal rewards: exactly 0
    centred = shaped - shaped.mean(dim=1, keepdim=True)
    return centred / (shaped.std(dim=1, keepdim=True) + eps)


def penalise_overlong(lengths: "Tensor", longest: int, tokens: int, penalty: float) -> "Tensor":
    """What is taken off the reward of a long response: from 0 to `penalty` over the last tokens.

    Args:
        lengths: tokens per response.
        longest: tokens a response can have.
        tokens: the penalty rises over the last so many; 0 is no penalty.
        penalty: the largest, at `longest`.

    Example:
        >>> import torch
        >>> penalise_overlong(torch.tensor([5, 6, 7, 8]), longest=8, tokens=2, penalty=1.0)
        tensor([0.0000, 0.0000, 0.5000, 1.0000])
    """
    import torch

    if tokens == 0:
        return torch.zeros(lengths.shape)
    return penalty * ((lengths - (longest - tokens)) / tokens).clamp(0.0, 1.0)
