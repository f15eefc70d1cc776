"""Teacher forcing: the log-probabilities of given responses by one forward pass over each.

A response's numbers depend on nothing but the model, its prompt and itself. Each response runs
alone, so that all shapes follow from its own length; that is fast where a model is large. Small
models on a processor in float32 run responses of like length together: there every row of a
product, and every row's attention, has the same bytes wherever it stands
(`passk.models.arithmetic.keep_rows_independent`; tested bit by bit).

Covered: every causal language model of transformers, by its own forward pass: windows, chunks and
capped logits too. A long sequence runs in pieces through the model's own cache. Not covered:
prompts with images.
"""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from passk.models.arithmetic import keep_rows_independent, route_products
from passk.sampling.scoring import CountResponses, GivenResponse, check_lengths

_LENGTH_UNIT = 32  # lengths are rounded up, so that responses of like length share a batch
_SMALL = 20_000_000  # parameters; below, one response does not fill a processor
_MOST_LOGITS = 2**26  # numbers held at once: 256 MiB
_MOST_POSITIONS = 4096  # run at once
_WINDOW = 2**16  # positions of responses that are put in order of length together


def find_context(model: nn.Module) -> int | None:
    """Most tokens that a model's positions reach; None where its configuration has no limit."""
    config: Any = getattr(model, "config", None)
    text = config.get_text_config() if config is not None else None
    context: int | None = getattr(text, "max_position_embeddings", None)
    return context


def score_responses(
    model: nn.Module, responses: Sequence[GivenResponse], progress: CountResponses | None = None
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Score responses in their order, but for some that follow each other, which go by length.

    Args:
        model: a transformers causal language model.
        responses: any number, of any lengths.
        progress: told how many more are done.

    Yields:
        Place of a response, and its log-probabilities (T,) in nats.

    Raises:
        ScoringError: a response does not fit the model's context, or has no prompt.
    """
    check_lengths(responses, find_context(model))
    route_products()
    device, together = next(model.parameters()).device.type, _run_together(model)
    most = _count_positions(model)
    training = model.training
    model.eval()
    try:
        for length, chunk in _batch(responses, most if together else 0):
            batch = [responses[place] for place in chunk]
            with _inference(device, together):
                scored = _score_batch(model, batch, length, most)
            yield from zip(chunk, scored, strict=True)
            if progress:
                progress(len(chunk))
    finally:
        model.train(training)


def _batch(responses: Sequence[GivenResponse], most: int) -> Iterator[tuple[int, list[int]]]:
    """Rounded length and places of the responses of each batch.

    Args:
        responses: all.
        most: positions of a batch; a longer response is one by itself, as each is at 0.
    """
    lengths = [_round_length(given) for given in responses]
    windows = np.cumsum(lengths) // _WINDOW
    order = sorted(range(len(responses)), key=lambda place: (windows[place], lengths[place]))
    for (_, length), group in itertools.groupby(
        order, key=lambda place: (windows[place], lengths[place])
    ):
        places = list(group)
        rows = max(1, most // length) if length else len(places)
        for start in range(0, len(places), rows):
            yield length, places[start : start + rows]


def _run_together(model: nn.Module) -> bool:
    """Whether responses share a batch: by the model alone."""
    weight = next(model.parameters())
    exact = weight.device.type == "cpu" and weight.dtype == torch.float32
    return exact and sum(part.numel() for part in model.parameters()) < _SMALL


def _round_length(given: GivenResponse) -> int:
    """Positions that are run: all tokens but the last, rounded up; 0 for an empty response."""
    if not len(given.response_ids):
        return 0
    return -(-(given.length - 1) // _LENGTH_UNIT) * _LENGTH_UNIT


def _count_positions(model: Any) -> int:  # noqa: ANN401
    """Positions that are run at once, by the size of the vocabulary alone."""
    vocabulary = model.config.get_text_config().vocab_size
    fitting = min(_MOST_LOGITS // vocabulary, _MOST_POSITIONS)
    return max(fitting // _LENGTH_UNIT, 1) * _LENGTH_UNIT


@contextmanager
def _inference(device: str, together: bool) -> Iterator[None]:
    """No gradients, one thread on the processor, rows apart if together; put back afterwards."""
    threads = torch.get_num_threads()
    if device == "cpu":
        torch.set_num_threads(1)  # thread counts change float sums, and so bytes
    try:
        with torch.inference_mode(), keep_rows_independent() if together else nullcontext():
            yield
    finally:
        torch.set_num_threads(threads)


def _score_batch(
    model: nn.Module, batch: Sequence[GivenResponse], length: int, most: int
) -> list[NDArray[np.float32]]:
    """Log-probabilities of responses that run in `length` positions.

    Rows are filled up behind their last token with zeros, which no token before them sees.
    """
    if not length:
        return [np.empty(0, np.float32) for _ in batch]
    ids = np.zeros((len(batch), length + 1), np.int64)
    for row, given in zip(ids, batch, strict=True):
        row[: given.length] = [*given.prompt_ids, *given.response_ids.tolist()]
    first = min(len(given.prompt_ids) for given in batch) - 1
    device = next(model.parameters()).device
    chances = _run(model, torch.from_numpy(ids).to(device), first, most).cpu().numpy()
    return [
        row[len(given.prompt_ids) - 1 - first : given.length - 1 - first].copy()
        for row, given in zip(chances, batch, strict=True)
    ]


def _run(model: Any, ids: Tensor, first: int, most: int) -> Tensor:  # noqa: ANN401
    """Log-probability of each token given those before it.

    Args:
        model: the language model.
        ids: (rows, length + 1).
        first: the position from which on predictions are wanted.
        most: positions that are run at once; longer rows run in pieces.

    Returns:
        (rows, length - first) float32: of the tokens at first + 1 and later.
    """
    length, cache, parts = ids.shape[1] - 1, None, []
    for start in range(0, length, most):
        end = min(start + most, length)
        wanted = end - max(start, first)
        outputs = model(
            input_ids=ids[:, start:end],
            past_key_values=cache,
            use_cache=length > most,
            logits_to_keep=max(wanted, 1),  # 0 would mean all
        )
        cache = getattr(outputs, "past_key_values", None)
        if wanted > 0:
            chances = outputs.logits.float().log_softmax(-1)
            targets = ids[:, end - wanted + 1 : end + 1, None]
            parts.append(chances.gather(-1, targets)[..., 0])
    return torch.cat(parts, dim=1)
