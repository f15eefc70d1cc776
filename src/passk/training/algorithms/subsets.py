"""Largest reward among k of n rollouts, averaged exactly over all subsets.

What pass@k training and PKPO are made of. With rewards sorted ascending, the j-th (from 1) is the
largest of C(j - 1, k - 1) subsets of size k, so no subset is enumerated. Ties change nothing: the
averages do not depend on how equal rewards are ordered.
"""

from math import comb

import torch
from torch import Tensor


def weigh_ranks(n: int, k: int) -> Tensor:
    """Share of the subsets of size k whose largest is the j-th of n, ascending; shape (n,).

    Example:
        >>> weigh_ranks(3, 2)
        tensor([0.0000, 0.3333, 0.6667], dtype=torch.float64)
    """
    counts = [comb(j, k - 1) / comb(n, k) for j in range(n)]
    return torch.tensor(counts, dtype=torch.float64)


def average_best(rewards: Tensor, k: int) -> Tensor:
    """Mean of the largest of k, over all subsets; shape (prompts,), float64."""
    return rewards.double().sort(dim=1).values @ weigh_ranks(rewards.shape[1], k)


def average_best_with(rewards: Tensor, k: int) -> Tensor:
    """For each rollout, the mean of the largest over the subsets of size k that hold it.

    The other k - 1 come from the n - 1 others: either all lie below the rollout, or the largest of
    them is the largest of all.

    Returns:
        Shape (prompts, rollouts), float64.
    """
    n = rewards.shape[1]
    ascending, order = rewards.double().sort(dim=1)
    below = torch.tensor([float(comb(j, k - 1)) for j in range(n)], dtype=torch.float64)
    # The j-th (from 0) is the largest, and the rollout one of the j below it.
    counts = [float(comb(j - 1, k - 2)) if k > 1 and j else 0.0 for j in range(n)]
    above = torch.tensor(counts, dtype=torch.float64)
    # Sum over all larger ones, by a cumulative sum from the right, less the rollout itself.
    beyond = ascending * above
    behind = beyond.flip(1).cumsum(1).flip(1) - beyond
    return _unsort((ascending * below + behind) / comb(n - 1, k - 1), order)


def average_best_without(rewards: Tensor, k: int) -> Tensor:
    """For each rollout, the mean of the largest over the subsets of size k that lack it.

    Returns:
        Shape (prompts, rollouts), float64. k is at most n - 1.
    """
    n = rewards.shape[1]
    ascending, order = rewards.double().sort(dim=1)
    rank_weights = weigh_ranks(n - 1, k)
    # Those below the rollout keep their place, those above move down by one.
    lower = torch.nn.functional.pad((ascending[:, :-1] * rank_weights).cumsum(1), (1, 0))
    raised = ascending[:, 1:] * rank_weights
    upper = torch.nn.functional.pad(raised.flip(1).cumsum(1).flip(1), (0, 1))
    return _unsort(lower + upper, order)


def _unsort(values: Tensor, order: Tensor) -> Tensor:
    """Values of sorted rollouts, in the order in which the rollouts came."""
    return torch.empty_like(values).scatter(1, order, values)
