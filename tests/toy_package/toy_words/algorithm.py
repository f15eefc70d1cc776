"""Sign: each response is better or worse than the mean of its group, and no more is said.

Deviations from a source: there is none; this is an example.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from passk.training.algorithms.algorithm import Algorithm, StepRewards

if TYPE_CHECKING:
    from torch import Tensor


class Sign(Algorithm):
    """Advantages of one size."""

    label: ClassVar[str] = "Sign"

    name: Literal["sign"]
    size: float = Field(gt=0, description="Every advantage is this, its opposite, or 0.")

    def advantages(self, step: StepRewards) -> "Tensor":
        """The sign of reward less mean, shape (prompts, rollouts).

        Example:
            >>> import torch
            >>> step = StepRewards(torch.tensor([[1.0, 0.0, 0.5]]), torch.ones(1, 3), longest=9)
            >>> Sign(name="sign", size=2.0).advantages(step)
            tensor([[ 2., -2.,  0.]])
        """
        mean = step.rewards.mean(dim=1, keepdim=True)
        return self.size * (step.rewards - mean).sign()
