"""Advantages: what a rollout's reward says relative to the others, one pure function each.

An algorithm is one function of the rewards, shape (prompts, rollouts), to advantages of the same
shape, or of shape (prompts, rollouts, tokens) where credit is given per token. Further tensors that
an algorithm needs (see `Algorithm.needs`) are handed to it by name. Clipping, the loss's mean, the
KL penalty and the number of passes over a batch are options of the one trainer, not of these.

Example:
    >>> import torch
    >>> ALGORITHMS["grpo"].advantages(torch.tensor([[1.0, 0.0]]), scale="none", eps=0.0)
    tensor([[ 0.5000, -0.5000]])
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor


def grpo(rewards: Tensor, *, scale: str, eps: float) -> Tensor:
    """Group-relative advantages: each reward against its own group's mean.

    A_i = (r_i - mean(r)) / (std(r) + eps), with mean and std over the rollouts of one prompt.
    Source: Shao et al. 2024, DeepSeekMath (arXiv 2402.03300), section 4.1.2, outcome supervision.

    Deviations from the source:
        1. eps is added to the standard deviation, so that a group of equal rewards gets 0, not
           0/0; TRL does the same with 1e-4.
        2. The source does not say which standard deviation; this is the sample one (divisor
           n - 1), as in TRL and verl. With n = 8 that scales all advantages by 0.935.
        3. `scale="none"` leaves the division out (Liu et al. 2025, Dr. GRPO, arXiv 2503.20783);
           `scale="batch"` divides by the standard deviation over all rollouts of the step.

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
    centred = rewards - rewards.mean(dim=1, keepdim=True)
    if scale == "none":
        return centred
    if scale == "group":
        return centred / (rewards.std(dim=1, keepdim=True) + eps)
    if scale == "batch":
        return centred / (rewards.std() + eps)
    raise ValueError(f"scale {scale!r}: legal are 'group', 'batch', 'none'")


@dataclass(frozen=True)
class Algorithm:
    """An objective as the trainer sees it.

    Attributes:
        advantages: (rewards, *, options and needs by name) -> advantages.
        source: where its equation stands.
        needs: further tensors the trainer hands over by name, of those it can make: `lengths`
            (prompts, rollouts) tokens per response; `truncated` (prompts, rollouts), bool.
    """

    advantages: Callable[..., Tensor]
    source: str
    needs: tuple[str, ...] = ()


ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {"grpo": Algorithm(grpo, "arXiv 2402.03300, section 4.1.2")}
)
