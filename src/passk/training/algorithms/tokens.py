"""What algorithms with one advantage per token share: masks, discounts, whitening."""

import torch
from torch import Tensor


def response_mask(lengths: Tensor) -> Tensor:
    """True where a response has a token, shape (..., longest length).

    Example:
        >>> response_mask(torch.tensor([1, 2]))
        tensor([[ True, False],
                [ True,  True]])
    """
    return torch.arange(int(lengths.max()), device=lengths.device) < lengths[..., None]


def discounts(lengths: Tensor, gamma: float) -> Tensor:
    """Power of gamma by the number of tokens that follow, shape (..., longest length).

    Example:
        >>> discounts(torch.tensor([3]), 0.5)
        tensor([[0.2500, 0.5000, 1.0000]])
    """
    places = torch.arange(int(lengths.max()), device=lengths.device)
    return gamma ** (lengths[..., None] - 1 - places).clamp(min=0).float()


def whiten(values: Tensor, mask: Tensor, eps: float) -> Tensor:
    """(x - mean) / (std + eps) over all tokens that the mask holds, 0 elsewhere.

    The standard deviation is the population one. A mean weights every token alike.

    Example:
        >>> whiten(torch.tensor([1.0, 3.0, 9.0]), torch.tensor([True, True, False]), 0.0)
        tensor([-1.,  1.,  0.])
    """
    held = values[mask]
    scale = held.std(correction=0) + eps
    return torch.where(mask, (values - held.mean()) / scale, torch.zeros_like(values))
