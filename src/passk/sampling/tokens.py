"""From logits to tokens: temperature, nucleus (top-p), log-probability and entropy.

Every function works row by row: what a row gives depends on nothing in the other rows.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Distribution:
    """What next tokens are drawn from, for a batch of rows.

    Attributes:
        best: (rows,) int64, the likeliest token.
        open: (rows,) int64, the row's place in `ladder`, or -1 where the likeliest token is the
            only one that can be drawn: always in greedy decoding, and where the nucleus is one
            token, which is so at most places of a trained model.
        ladder: (open rows, vocabulary) float64, cumulative mass of the nucleus in the order of
            token ids, not normalised.
        logprobs: (rows, vocabulary) float32, nats, temperature 1, untruncated.
        entropy: (rows,) float64, nats, at the temperature, before top-p; at temperature 1 for
            greedy decoding.
    """

    best: NDArray[np.int64]
    open: NDArray[np.int64]
    ladder: Tensor
    logprobs: Tensor
    entropy: NDArray[np.float64]


def prepare_draws(logits: Tensor, temperature: float, top_p: float) -> Distribution:
    """Prepare draws from logits (rows, vocabulary); temperature 0 is greedy decoding."""
    logits = logits.float()
    logprobs = logits.log_softmax(-1)
    plain = temperature in (0, 1)
    tempered = logprobs if plain else (logits / temperature).log_softmax(-1)
    chances = tempered.exp()
    # A logit of -inf has no mass: 0 * -inf must count as 0.
    entropy = -(chances * tempered.clamp_min_(-1e4)).sum(-1).double()
    highest, best = chances.max(-1)
    limit = 0.0 if temperature == 0 else top_p
    rows = (highest < limit).nonzero()[:, 0]
    chances = chances[rows]
    if top_p < 1 and len(rows):
        chances = chances.masked_fill(chances < _find_nucleus_limit(chances, top_p), 0.0)
    ladder_rows = np.full(len(logits), -1)
    ladder_rows[rows.cpu().numpy()] = np.arange(len(rows))
    return Distribution(
        best.cpu().numpy(),
        ladder_rows,
        chances.cumsum(-1, dtype=torch.float64),
        logprobs,
        entropy.cpu().numpy(),
    )


def _find_nucleus_limit(chances: Tensor, top_p: float) -> Tensor:
    """The smallest chance within the nucleus, (rows, 1).

    The nucleus is the smallest set of likeliest tokens whose mass reaches top_p; tokens tied with
    the least likely of them belong to it too, so that it does not depend on a sort's order. Few
    rows need more than the first eight tokens.
    """
    least = torch.zeros_like(chances[:, :1])
    unfinished = torch.arange(len(chances), device=chances.device)
    for width in (8, chances.shape[-1]):
        likeliest = chances[unfinished].topk(min(width, chances.shape[-1]), dim=-1).values
        mass = likeliest.cumsum(-1, dtype=torch.float64)
        # The nucleus ends at the first place where the mass reaches top_p.
        boundary = (mass < top_p).sum(-1, keepdim=True).clamp_max(likeliest.shape[-1] - 1)
        least[unfinished] = likeliest.gather(-1, boundary)
        unfinished = unfinished[mass[:, -1] < top_p]
        if not len(unfinished):
            break
    return least


def draw(
    distribution: Distribution, rows: NDArray[np.int64], uniforms: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Tokens by inversion: the first token whose cumulative mass exceeds u x total.

    Args:
        distribution: of every row.
        rows: which of them each sample draws from.
        uniforms: in [0, 1), one per sample.
    """
    tokens = distribution.best[rows]
    ladder_rows = distribution.open[rows]
    (random_rows,) = np.nonzero(ladder_rows >= 0)
    if len(random_rows):
        device = distribution.ladder.device
        ladder = distribution.ladder[torch.from_numpy(ladder_rows[random_rows]).to(device)]
        total = ladder[:, -1]
        target = torch.from_numpy(uniforms[random_rows]).to(device) * total
        # u x total may round up to the total, which no cumulative mass exceeds.
        target = torch.minimum(target, torch.nextafter(total, torch.zeros_like(total)))
        tokens[random_rows] = (
            torch.searchsorted(ladder, target[:, None], right=True)[:, 0].cpu().numpy()
        )
    return tokens
