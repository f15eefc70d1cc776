"""What algorithms with one advantage per token share: masks, discounts, whitening, GAE."""

import torch
from torch import Tensor


def make_response_mask(lengths: Tensor) -> Tensor:
    """True where a response has a token, shape (..., longest length).

    Example:
        >>> make_response_mask(torch.tensor([1, 2]))
        tensor([[ True, False],
                [ True,  True]])
    """
    return torch.arange(int(lengths.max()), device=lengths.device) < lengths[..., None]


def discount_tokens(lengths: Tensor, gamma: float) -> Tensor:
    """Power of gamma by the number of tokens that follow, shape (..., longest length).

    Example:
        >>> discount_tokens(torch.tensor([3]), 0.5)
        tensor([[0.2500, 0.5000, 1.0000]])
    """
    positions = torch.arange(int(lengths.max()), device=lengths.device)
    return gamma ** (lengths[..., None] - 1 - positions).clamp(min=0).float()


def whiten(values: Tensor, mask: Tensor, eps: float) -> Tensor:
    """(x - mean) / (std + eps) over all tokens that the mask holds, 0 elsewhere.

    The standard deviation is the population one. A mean weights every token alike.

    Example:
        >>> whiten(torch.tensor([1.0, 3.0, 9.0]), torch.tensor([True, True, False]), 0.0)
        tensor([-1.,  1.,  0.])
    """
    masked = values[mask]
    scale = masked.std(correction=0) + eps
    return torch.where(mask, (values - masked.mean()) / scale, torch.zeros_like(values))


def gae(rewards: Tensor, *, values: Tensor, lengths: Tensor, gamma: float, lam: float) -> Tensor:
    """A_t = sum over l of (gamma lam)^l delta_(t+l), delta_t = r_t + gamma V_(t+1) - V_t.

    Args:
        rewards: of whole responses, shape (prompts, rollouts); r_t is 0 but for the last token.
        values: V_t, of the prefix before token t, shape (prompts, rollouts, longest length).
        lengths: tokens per response, shape (prompts, rollouts). V behind the end is 0.
        gamma: discount per token.
        lam: 0 trusts the critic (bias), 1 the return (variance).

    Returns:
        Advantages, shape of `values`, 0 behind a response's end. Adding `values` gives the
        returns that the critic learns.

    Example:
        >>> gae(torch.tensor([[1.0]]), values=torch.tensor([[[0.5, 0.25]]]),
        ...     lengths=torch.tensor([[2]]), gamma=1.0, lam=0.5)
        tensor([[[0.1250, 0.7500]]])
    """
    mask = make_response_mask(lengths)
    known_values = torch.where(mask, values, torch.zeros_like(values))
    following = torch.nn.functional.pad(known_values[..., 1:], (0, 1))
    last = mask & ~torch.nn.functional.pad(mask[..., 1:], (0, 1))
    # The reward is given at the last token of a response: where the mask ends.
    deltas = rewards[..., None] * last + gamma * following - known_values
    advantages = torch.zeros_like(known_values)
    # Backwards: A_t = delta_t + gamma lam A_(t+1); what stands behind an end stays 0.
    ahead = torch.zeros_like(known_values[..., 0])
    for t in reversed(range(known_values.shape[-1])):
        ahead = (deltas[..., t] + gamma * lam * ahead) * mask[..., t]
        advantages[..., t] = ahead
    return advantages
