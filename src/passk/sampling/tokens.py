"""From logits to tokens: temperature, nucleus (top-p), log-probability and entropy.

Every function works row by row: what a row gives depends on nothing in the other rows.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Distribution:
    """What a batch of next-token distributions is drawn from.

    Attributes:
        ladder: (rows, vocabulary) float64, cumulative mass of the nucleus in the order of token
            ids, not normalised; None for greedy decoding.
        best: (rows,) the likeliest token; only for greedy decoding, else None.
        logprobs: (rows, vocabulary) float32, nats, temperature 1, untruncated.
        entropy: (rows,) float64, nats, at the temperature, before top-p; at temperature 1 for
            greedy decoding.
    """

    ladder: Tensor | None
    best: Tensor | None
    logprobs: Tensor
    entropy: Tensor


def distribution(logits: Tensor, temperature: float, top_p: float) -> Distribution:
    """Prepare draws from logits (rows, vocabulary); temperature 0 is greedy decoding."""
    logits = logits.float()
    logprobs = logits.log_softmax(-1)
    if temperature == 0:
        entropy = _entropy(logprobs, logprobs.exp())
        return Distribution(None, logprobs.argmax(-1), logprobs, entropy)
    tempered = logprobs if temperature == 1 else (logits / temperature).log_softmax(-1)
    chances = tempered.exp()
    entropy = _entropy(tempered, chances)
    if top_p < 1:
        least = _least_of_nucleus(chances, top_p)
        chances = chances.masked_fill(chances < least, 0.0)
    return Distribution(chances.cumsum(-1, dtype=torch.float64), None, logprobs, entropy)


def _entropy(logs: Tensor, chances: Tensor) -> Tensor:
    # A logit of -inf has no mass: 0 * -inf must count as 0.
    return -(chances * logs.clamp_min(-1e4)).sum(-1).double()


def _least_of_nucleus(chances: Tensor, top_p: float) -> Tensor:
    """The smallest chance within the nucleus, (rows, 1).

    The nucleus is the smallest set of likeliest tokens whose mass reaches top_p; tokens tied with
    the least likely of them belong to it too, so that it does not depend on a sort's order. Most
    rows of a trained model need no sort: their likeliest token is the whole nucleus.
    """
    least = chances.amax(-1, keepdim=True)
    open_rows = (least[:, 0] < top_p).nonzero()[:, 0]
    for width in (8, chances.shape[-1]):
        if not len(open_rows):
            break
        taken = chances[open_rows].topk(min(width, chances.shape[-1]), dim=-1).values
        mass = taken.cumsum(-1, dtype=torch.float64)
        # The nucleus ends at the first place where the mass reaches top_p.
        place = (mass < top_p).sum(-1, keepdim=True).clamp_max(taken.shape[-1] - 1)
        least[open_rows] = taken.gather(-1, place)
        open_rows = open_rows[mass[:, -1] < top_p]
    return least


def draw(given: Distribution, uniforms: Tensor) -> Tensor:
    """Tokens (rows,) by inversion: the first token whose cumulative mass exceeds u x total.

    Args:
        given: distributions of `rows` rows, or of one row that all uniforms share.
        uniforms: (rows,) float64 in [0, 1); ignored for greedy decoding.
    """
    if given.ladder is None:
        assert given.best is not None
        return given.best.expand(len(uniforms))
    ladder = given.ladder
    total = ladder[:, -1]
    # u x total may round up to the total, which no cumulative mass exceeds.
    target = torch.minimum(uniforms * total, torch.nextafter(total, torch.zeros_like(total)))
    return (ladder <= target[:, None]).sum(-1)
