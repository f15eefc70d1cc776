"""GRPO: rewards against the mean of their own group.

Source: Shao et al. 2024, DeepSeekMath (arXiv 2402.03300), section 4.1.2, outcome supervision.

Deviations from the source:
    1. eps is added to the standard deviation, so that a group of equal rewards gets 0, not 0/0;
       TRL does the same with 1e-4.
    2. The source does not say which standard deviation; this is the sample one (divisor n - 1), as
       in TRL and verl. With n = 8 that scales all advantages by 0.935.
    3. `scale="none"` leaves the division out (Liu et al. 2025, Dr. GRPO, arXiv 2503.20783);
       `scale="batch"` divides by the standard deviation over all rollouts of the step.
    4. The KL penalty is `beta` of the trainer's loss, as in the source; 0 leaves it out.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from passk.training.algorithms.algorithm import Algorithm, StepRewards

if TYPE_CHECKING:
    from torch import Tensor


class Grpo(Algorithm):
    """Group-relative advantages (arXiv 2402.03300)."""

    label: ClassVar[str] = "GRPO"
    source: ClassVar[str] = "arXiv 2402.03300, section 4.1.2"

    name: Literal["grpo"]
    scale: Literal["group", "batch", "none"] = Field(
        default="group",
        description="Divide by the standard deviation of the group, of the batch, or not at all.",
    )
    eps: float = Field(
        default=1e-4, gt=0, description="Added to the standard deviation; 1e-4 as in TRL."
    )

    def advantages(self, step: StepRewards) -> "Tensor":
        """See `grpo`."""
        return grpo(step.rewards, scale=self.scale, eps=self.eps)


def grpo(rewards: "Tensor", *, scale: str, eps: float) -> "Tensor":
    """A_i = (r_i - mean(r)) / (std(r) + eps), over the rollouts of one prompt.

    Args:
        rewards: shape (prompts, rollouts), with at least two rollouts.
        scale: group, batch or none.
        eps: added to the standard deviation.

    Returns:
        Advantages, shape (prompts, rollouts).

    Example:
        >>> import torch
        >>> grpo(torch.tensor([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]), scale="group", eps=0.0)
        tensor([[ 1.5000, -0.5000, -0.5000, -0.5000],
                [    nan,     nan,     nan,     nan]])
        >>> grpo(torch.tensor([[1.0, 1.0]]), scale="group", eps=1e-4)
        tensor([[0., 0.]])
    """
    lifted = rewards - rewards.amin(dim=1, keepdim=True)  # equal rewards: exactly 0
    centred = lifted - lifted.mean(dim=1, keepdim=True)
    if scale == "none":
        return centred
    if scale == "group":
        return centred / (rewards.std(dim=1, keepdim=True) + eps)
    if scale == "batch":
        return centred / (rewards.std() + eps)
    raise ValueError(f"scale {scale!r}: legal are 'group', 'batch', 'none'")
