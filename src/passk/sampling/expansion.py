"""Every response that a sampler can draw, with its chance: the whole tree, not a sample of it.

Decoding cuts the distribution (temperature, nucleus), and a small model is sure of most tokens, so
that the tree of a problem is small. Its leaves give the exact chance of a right response, and so
pass@k at every k. Branches whose chance falls below a limit are not followed; how much they hold
together is known, and bounds every number.

Rows of one depth run together through the model's own cache. Chances are within float32's rounding
of the step loop's (about 1e-6), which draws from the same truncated distribution
(`passk.sampling.tokens`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import DynamicCache

from passk.sampling.decoding import DecodingConfig
from passk.sampling.tokens import prepare_draws


@dataclass(frozen=True)
class Leaf:
    """A whole response.

    Attributes:
        tokens: with the one that ended it.
        chance: of drawing it.
        stopped: by an end token; else it was cut at the limit.
    """

    tokens: tuple[int, ...]
    chance: float
    stopped: bool


@dataclass(frozen=True)
class Expansion:
    """The tree of one prompt.

    Attributes:
        leaves: responses, in no order that means anything.
        unexpanded: chance of all branches that were not followed.
        nodes: tokens that were run.
    """

    leaves: Sequence[Leaf]
    unexpanded: float
    nodes: int


@dataclass(frozen=True)
class _Front:
    """Branches of one depth: their cache holds all their tokens but `fed`."""

    cache: DynamicCache
    fed: Tensor  # (rows, T) token ids to run; T is the prompt's length at the root, else 1
    tokens: NDArray[np.int32]  # (rows, depth)
    chances: NDArray[np.float64]  # (rows,)


def expand(
    model: nn.Module,
    prompt_ids: Sequence[int],
    config: DecodingConfig,
    *,
    smallest: float = 1e-7,
    most: int | None = None,
) -> Expansion:
    """Expand the tree of one prompt.

    Args:
        model: a causal language model of transformers, without windows.
        prompt_ids: the prompt.
        config: temperature above 0, nucleus, limit and ends; `rows` are run at once.
        smallest: a branch with less chance is not followed.
        most: nodes of the tree, at most; None: any number.

    Raises:
        OverflowError: the tree has more nodes.
    """
    device = next(model.parameters()).device
    root = torch.tensor([list(prompt_ids)], device=device)
    stack = [_Front(DynamicCache(), root, np.empty((1, 0), np.int32), np.ones(1))]
    leaves: list[Leaf] = []
    unexpanded, nodes = 0.0, 0
    with torch.inference_mode():
        while stack:
            front = stack.pop()
            logits = _run(model, front)
            nodes += len(front.chances)
            if most is not None and nodes > most:
                raise OverflowError(f"the tree has more than {most:,} tokens")
            rows, drawn, shares = _list_children(logits, config)
            chances = front.chances[rows] * shares
            followed = chances >= smallest
            unexpanded += float(chances[~followed].sum())
            rows, drawn, chances = rows[followed], drawn[followed], chances[followed]
            tokens = np.concatenate([front.tokens[rows], drawn[:, None]], axis=1)
            stopped = np.isin(drawn, list(config.eos_ids))
            if config.ends_early:
                stopped |= np.array([config.ends_early(row) for row in tokens], bool)
            done = stopped | (tokens.shape[1] >= config.max_new_tokens)
            leaves += [
                Leaf(tuple(row.tolist()), float(chance), bool(ended))
                for row, chance, ended in zip(
                    tokens[done], chances[done], stopped[done], strict=True
                )
            ]
            (going,) = np.nonzero(~done)
            for start in range(0, len(going), config.rows):
                part = going[start : start + config.rows]
                stack.append(
                    _Front(
                        _select(front.cache, torch.from_numpy(rows[part]).to(device)),
                        torch.from_numpy(drawn[part].astype(np.int64)).to(device)[:, None],
                        tokens[part],
                        chances[part],
                    )
                )
    return Expansion(leaves, unexpanded, nodes)


def _run(model: Any, front: _Front) -> Tensor:  # noqa: ANN401
    """Logits of the next token, (rows, vocabulary); the front's cache then holds what was fed."""
    out = model(input_ids=front.fed, past_key_values=front.cache, use_cache=True, logits_to_keep=1)
    logits: Tensor = out.logits[:, -1]
    return logits


def _list_children(
    logits: Tensor, config: DecodingConfig
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Row, token and chance of every next token that can be drawn."""
    distribution = prepare_draws(logits, config.temperature, config.top_p)
    sure = np.nonzero(distribution.open < 0)[0]
    ladder = distribution.ladder.cpu().numpy()
    masses = np.diff(ladder, axis=1, prepend=0.0)
    (open_rows,) = np.nonzero(distribution.open >= 0)
    places, tokens = np.nonzero(masses[distribution.open[open_rows]] > 0)
    shares = masses[distribution.open[open_rows[places]], tokens]
    shares = shares / ladder[distribution.open[open_rows[places]], -1]
    return (
        np.concatenate([sure, open_rows[places]]),
        np.concatenate([distribution.best[sure], tokens]).astype(np.int32),
        np.concatenate([np.ones(len(sure)), shares]),
    )


def _select(cache: DynamicCache, rows: Tensor) -> DynamicCache:
    """A cache of some rows, each of which may be taken several times."""
    chosen = DynamicCache()
    for place, layer in enumerate(cache.layers):
        full: Any = layer  # keys and values of every position; other layers are refused at load
        chosen.update(full.keys[rows], full.values[rows], place)
    return chosen
