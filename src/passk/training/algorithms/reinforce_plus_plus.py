"""REINFORCE++: discounted return per token, whitened over all response tokens of the step.

Source: Hu 2025, REINFORCE++ (arXiv 2501.03262), version 1: return per token, and normalisation over
the global batch; no critic and no group baseline.

Deviations from the source:
    1. The source's reward of a token holds a KL penalty; here that is `beta` of the loss, so the
       only reward is that of the last token.
    2. Discounting by gamma is an option; the source's return is undiscounted (gamma = 1).
    3. The standard deviation is the population one, with eps added, as in OpenRLHF but for the
       place of eps.
    4. The batch is the rollouts of a step, several per prompt; the source draws one per prompt.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from passk.training.algorithms.algorithm import Algorithm, Fraction, StepRewards

if TYPE_CHECKING:
    from torch import Tensor


class ReinforcePlusPlus(Algorithm):
    """Return whitened over the tokens of the batch, no group baseline (arXiv 2501.03262)."""

    label: ClassVar[str] = "REINFORCE++"
    source: ClassVar[str] = "arXiv 2501.03262"
    baseline_beyond_group: ClassVar[bool] = True

    name: Literal["reinforce++"]
    gamma: Fraction = Field(
        default=1.0, description="Discount of later rewards per token; 1 is none."
    )
    eps: float = Field(default=1e-4, gt=0, description="Added to the standard deviation.")

    def advantages(self, step: StepRewards) -> "Tensor":
        """See `reinforce_plus_plus`."""
        return reinforce_plus_plus(
            step.rewards, lengths=step.lengths, gamma=self.gamma, eps=self.eps
        )


def reinforce_plus_plus(
    rewards: "Tensor", *, lengths: "Tensor", gamma: float, eps: float
) -> "Tensor":
    """A_it = (G_it - mean(G)) / (std(G) + eps) with G_it = gamma^(T_i - t) r_i, t from 1 to T_i.

    Mean and standard deviation are over tokens, so a long response weighs more than a short one.

    Args:
        rewards: shape (prompts, rollouts).
        lengths: tokens per response, same shape.
        gamma: discount per token.
        eps: added to the standard deviation.

    Returns:
        Advantages, shape (prompts, rollouts, longest length), 0 behind a response's end.

    Example:
        >>> import torch
        >>> reinforce_plus_plus(
        ...     torch.tensor([[1.0, 0.0]]), lengths=torch.tensor([[1, 3]]), gamma=1.0, eps=0.0
        ... )
        tensor([[[ 1.7321,  0.0000,  0.0000],
                 [-0.5774, -0.5774, -0.5774]]])
    """
    from passk.training.algorithms.tokens import discount_tokens, make_response_mask, whiten

    returns = rewards[..., None] * discount_tokens(lengths, gamma)
    return whiten(returns, make_response_mask(lengths), eps)
