"""Pass@k training: groups of k attempts share the largest reward among them.

Source: Chen et al. 2025, Pass@k Training (arXiv 2508.10751), the analytical advantage, equations 10
to 15: rollouts stand in all groups of k at once.

Deviations from the source:
    1. Written for any reward, not only for 0 and 1: a rollout's advantage is the mean reward of the
       groups that hold it, less the mean of all groups, over the standard deviation of all groups.
       For 0 and 1 that is the source's pair of formulas (tested).
    2. eps is added to the standard deviation; where all groups earn the same, advantages are 0.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PositiveInt

from passk.training.algorithms.algorithm import Algorithm, StepRewards

if TYPE_CHECKING:
    from torch import Tensor


class PassAtK(Algorithm):
    """Pass@k training by its analytical advantage (arXiv 2508.10751)."""

    label: ClassVar[str] = "pass@k"
    source: ClassVar[str] = "arXiv 2508.10751, equations 14 and 15"

    name: Literal["pass_at_k"]
    k: PositiveInt = Field(
        default=4, description="Attempts that share the reward; at most `rollouts`."
    )
    eps: float = Field(default=1e-4, ge=0, description="Added to the standard deviation.")

    def advantages(self, step: StepRewards) -> "Tensor":
        """See `pass_at_k`."""
        return pass_at_k(step.rewards, k=self.k, eps=self.eps)

    def check(self, rollouts: int, max_new_tokens: int) -> None:
        """K attempts are chosen among the rollouts of a prompt."""
        if self.k > rollouts:
            raise ValueError(f"algorithm.k = {self.k} is more than rollouts = {rollouts}")


def pass_at_k(rewards: "Tensor", *, k: int, eps: float) -> "Tensor":
    """A_i = (E[best of k, i among them] - E[best of k]) / (std(best of k) + eps).

    With N rollouts, of which M earn 0, and R = 1 - C(M, k) / C(N, k): (1 - R) / sqrt(R (1 - R)) for
    a rollout that earns 1, and (1 - R - C(M - 1, k - 1) / C(N - 1, k - 1)) / sqrt(R (1 - R)) for
    one that earns 0.

    Args:
        rewards: shape (prompts, rollouts).
        k: attempts that share a reward, 1 to rollouts; 1 is GRPO by the population's standard
            deviation.
        eps: added to the standard deviation.

    Returns:
        Advantages, shape (prompts, rollouts).

    Example:
        >>> import torch
        >>> pass_at_k(torch.tensor([[1.0, 0.0, 0.0, 0.0]]), k=2, eps=0.0)
        tensor([[ 1.0000, -0.3333, -0.3333, -0.3333]])
    """
    import torch

    from passk.models.arithmetic import sqrt
    from passk.training.algorithms.subsets import average_best, average_best_with

    lifted = rewards.double() - rewards.double().amin(1, keepdim=True)  # equal rewards: exactly 0
    mean = average_best(lifted, k)[:, None]
    deviation = sqrt((average_best(lifted**2, k)[:, None] - mean**2).clamp(min=0))
    gain = average_best_with(lifted, k) - mean
    varied = deviation > 1e-6 * lifted.amax(1, keepdim=True)  # else rounding, not signal
    safe = torch.where(varied, gain, torch.zeros_like(gain)) / torch.where(
        varied, deviation + eps, torch.ones_like(deviation)
    )
    return safe.to(rewards.dtype)
