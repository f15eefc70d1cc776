"""PKPO: rewards transformed so that the gradient is that of the largest reward among k.

Source: Walder and Karkhanis 2025, Pass@K Policy Optimization (arXiv 2505.15201), equation 33, the
leave-one-out-minus-one baseline (`sloo_minus_one` in the source's listing).

Deviations from the source:
    1. The transform is multiplied by the number of rollouts: the source sums over them, the
       trainer's loss takes their mean.
    2. Nothing is divided by a standard deviation, as in the source.
    3. The source's gradient is that of a sum over tokens; here the mean is what `loss_type` names.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from passk.training.algorithms.algorithm import Algorithm, StepRewards

if TYPE_CHECKING:
    from torch import Tensor


class Pkpo(Algorithm):
    """Pass-at-k policy optimisation: the leave-one-out-minus-one transform (arXiv 2505.15201)."""

    label: ClassVar[str] = "PKPO"
    source: ClassVar[str] = "arXiv 2505.15201, equation 33"

    name: Literal["pkpo"]
    k: int = Field(default=4, ge=2, description="Attempts of the objective; at most `rollouts`.")

    def advantages(self, step: StepRewards) -> "Tensor":
        """See `pkpo`."""
        return pkpo(step.rewards, k=self.k)

    def check(self, rollouts: int, max_new_tokens: int) -> None:
        """K attempts are chosen among the rollouts of a prompt."""
        if self.k > rollouts:
            raise ValueError(f"algorithm.k = {self.k} is more than rollouts = {rollouts}")


def sloo_minus_one(rewards: "Tensor", k: int) -> "Tensor":
    """s_i = 1 / C(n, k) sum over subsets I of size k with i of (max r(I) - max r(I without i)).

    How much a rollout adds to the k - 1 others it stands with. The baseline does not depend on the
    rollout itself, so the gradient of the mean largest of k stays unbiased.

    Args:
        rewards: shape (prompts, rollouts), any real numbers.
        k: 2 to rollouts.

    Returns:
        Transformed rewards, shape (prompts, rollouts), float64; none is negative.

    Example:
        >>> import torch
        >>> sloo_minus_one(torch.tensor([[1.0, 0.0, 0.0, 0.0]]), 2)
        tensor([[0.5000, 0.0000, 0.0000, 0.0000]], dtype=torch.float64)
    """
    from passk.training.algorithms.subsets import average_best_with, average_best_without

    n = rewards.shape[1]
    if not 2 <= k <= n:
        raise ValueError(f"k = {k}: legal are 2 to the number of rollouts, {n}")
    lifted = rewards.double() - rewards.double().amin(1, keepdim=True)  # equal rewards: exactly 0
    return k / n * (average_best_with(lifted, k) - average_best_without(lifted, k - 1))


def pkpo(rewards: "Tensor", *, k: int) -> "Tensor":
    """A_i = n s_i, see `sloo_minus_one`.

    Example:
        >>> import torch
        >>> pkpo(torch.tensor([[1.0, 0.0, 0.0, 0.0]]), k=2)
        tensor([[2., 0., 0., 0.]])
    """
    return (sloo_minus_one(rewards, k) * rewards.shape[1]).to(rewards.dtype)
