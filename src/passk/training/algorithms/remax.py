"""ReMax: reward against that of the greedy response to the same prompt.

Source: Li et al. 2023, ReMax (arXiv 2310.10505), algorithm 1.

Deviations from the source:
    1. Several rollouts per prompt share one greedy response; the source draws one rollout.
    2. The source's gradient is that of a sum over tokens, on-policy; here the loss is the
       trainer's surrogate with the mean that `loss_type` names. The greedy response itself is not
       trained on, as in the source.
    3. The source takes the KL penalty off the reward; here it is `beta` of the loss.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from passk.training.algorithms.algorithm import Algorithm, StepRewards

if TYPE_CHECKING:
    from torch import Tensor


class Remax(Algorithm):
    """Baseline: reward of the greedy response, drawn besides the rollouts (arXiv 2310.10505)."""

    label: ClassVar[str] = "ReMax"
    source: ClassVar[str] = "arXiv 2310.10505, algorithm 1"
    needs_greedy: ClassVar[bool] = True
    baseline_beyond_group: ClassVar[bool] = True

    name: Literal["remax"]

    def advantages(self, step: StepRewards) -> "Tensor":
        """See `remax`."""
        assert step.greedy is not None, "asked for by `needs_greedy`"
        return remax(step.rewards, greedy=step.greedy)


def remax(rewards: "Tensor", *, greedy: "Tensor") -> "Tensor":
    """A_i = r_i - r(greedy response).

    A group of equal rewards is pushed too where the greedy response earned another one.

    Args:
        rewards: shape (prompts, rollouts).
        greedy: reward of each prompt's greedy response, shape (prompts,).

    Returns:
        Advantages, shape (prompts, rollouts).

    Example:
        >>> import torch
        >>> remax(torch.tensor([[1.0, 0.0], [1.0, 1.0]]), greedy=torch.tensor([1.0, 0.0]))
        tensor([[ 0., -1.],
                [ 1.,  1.]])
    """
    return rewards - greedy[:, None]
