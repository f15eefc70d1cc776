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

from torch import Tensor

from passk.training.algorithms.tokens import discounts, response_mask, whiten


def reinforce_plus_plus(rewards: Tensor, *, lengths: Tensor, gamma: float, eps: float) -> Tensor:
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
    returns = rewards[..., None] * discounts(lengths, gamma)
    return whiten(returns, response_mask(lengths), eps)
