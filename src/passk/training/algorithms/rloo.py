"""RLOO: each reward against the mean of the others of its group.

Source: Ahmadian et al. 2024, Back to Basics (arXiv 2402.14740), the RLOO estimator, after Kool et
al. 2019.

Deviations from the source:
    1. The source's gradient is that of the whole response's log-probability (a sum over tokens);
       here the loss is the trainer's clipped surrogate with the mean that `loss_type` names. With
       one update per step nothing is clipped.
    2. The source takes the KL penalty off the reward; here it is `beta` of the loss.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from passk.training.algorithms.algorithm import Algorithm, StepRewards

if TYPE_CHECKING:
    from torch import Tensor


class Rloo(Algorithm):
    """Leave-one-out baseline (arXiv 2402.14740)."""

    label: ClassVar[str] = "RLOO"
    source: ClassVar[str] = "arXiv 2402.14740, the RLOO estimator"

    name: Literal["rloo"]

    def advantages(self, step: StepRewards) -> "Tensor":
        """See `rloo`."""
        return rloo(step.rewards)


def rloo(rewards: "Tensor") -> "Tensor":
    """A_i = r_i - mean of r_j over j != i, over the rollouts of one prompt.

    Written as n / (n - 1) (r_i - mean(r)), which is the same and is exactly 0 for equal rewards of
    0 or 1.

    Args:
        rewards: shape (prompts, rollouts), with at least two rollouts.

    Returns:
        Advantages, shape (prompts, rollouts).

    Example:
        >>> import torch
        >>> rloo(torch.tensor([[1.0, 0.0, 0.0]]))
        tensor([[ 1.0000, -0.5000, -0.5000]])
    """
    count = rewards.shape[1]
    lifted = rewards - rewards.amin(dim=1, keepdim=True)  # equal rewards: exactly 0
    return (lifted - lifted.mean(dim=1, keepdim=True)) * (count / (count - 1))
