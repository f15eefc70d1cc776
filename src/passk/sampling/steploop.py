"""The step loop: many samples of many prompts from one causal language model.

What makes it fast: a prompt is run once for all its samples; the cache is static and written in
place; a slot whose sample has ended is filled from the queue at once, so that no step is spent on
finished rows.

What makes it exact: the shapes of all operations are fixed by the settings and the prompt (rows x
cache positions; spare rows run along), each row attends to its own slot, and the random numbers
are a function of (stream, sample index, position). So a request's samples depend on nothing but
the request: not on the other requests, their order, or what was resumed. Tested bit by bit. Bytes
may differ between processors and versions of torch, as float sums do.

Example:
    >>> from transformers import Qwen2Config, Qwen2ForCausalLM
    >>> tiny = Qwen2Config(vocab_size=16, hidden_size=8, num_hidden_layers=1, intermediate_size=8,
    ...                    num_attention_heads=2, num_key_value_heads=1)
    >>> asked = Request((1, 2, 3), stream=5, indices=range(4))
    >>> drawn = generate(Qwen2ForCausalLM(tiny), [asked], Settings(max_new_tokens=6, rows=4))
    >>> [len(one.token_ids) for one in drawn[0]]
    [6, 6, 6, 6]
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from passk.sampling.forward import Decoder, Prefix, decoder
from passk.sampling.streams import sample_streams, uniforms
from passk.sampling.tokens import Distribution, distribution, draw

# Cache positions are a multiple of this, so that prompts of similar length share a batch.
_LENGTH_UNIT = 32
# Slots are refilled when one in so many is free: each refill costs a few copies.
_REFILL_SHARE = 32

Progress = Callable[[int], object]  # told how many more samples are done


@dataclass(frozen=True)
class Request:
    """Samples wanted of one prompt.

    Attributes:
        prompt_ids: token ids of the prompt, at least one.
        stream: what the random numbers are keyed by, below 2**63; see `passk.digests.seed`.
        indices: sample indices; (stream, index) names a sample's random numbers.
    """

    prompt_ids: Sequence[int]
    stream: int
    indices: Sequence[int]


@dataclass(frozen=True)
class Settings:
    """How samples are drawn.

    Attributes:
        temperature: divides the logits; 0 is greedy decoding.
        top_p: mass of the nucleus, in (0, 1].
        max_new_tokens: a sample that has not ended by then is cut (`length`).
        eos_ids: tokens that end a sample; kept as its last token.
        rows: slots run at once. 256 suits a small model on a processor: more do not fit its cache.
        exact: fixed shapes, so that a request's bytes depend on the request alone. False is faster
            where batches are small and the same calls follow each other anyway (rollouts): the
            batch shrinks as the last samples end, and all prompts share one cache length.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 64
    eos_ids: Sequence[int] = ()
    rows: int = 256
    exact: bool = True


class Drawn(NamedTuple):
    """One sample.

    Attributes:
        stream: 63-bit stream of its random numbers.
        token_ids: int32, with the token that ended it.
        finish_reason: `stop`, or `length` where it was cut.
        sum_logprob: nats, temperature 1, untruncated.
        mean_entropy: nats per token, at the draw's temperature before top-p; greedy: at 1.
        token_logprobs: float32, one per token; they sum to sum_logprob.
    """

    stream: int
    token_ids: NDArray[np.int32]
    finish_reason: str
    sum_logprob: float
    mean_entropy: float
    token_logprobs: NDArray[np.float32]


def generate(
    model: nn.Module,
    requests: Sequence[Request],
    settings: Settings,
    progress: Progress | None = None,
) -> list[list[Drawn]]:
    """Draw all samples of all requests.

    Returns:
        For each request, in order, its samples in the order of its indices.

    Raises:
        ValueError: a request is empty or does not fit the model's context.
    """
    drawn: list[list[Drawn]] = [[] for _ in requests]
    for place, samples in completed(model, requests, settings, progress):
        drawn[place] = samples
    return drawn


def completed(
    model: nn.Module,
    requests: Sequence[Request],
    settings: Settings,
    progress: Progress | None = None,
) -> Iterator[tuple[int, list[Drawn]]]:
    """As `generate`, but (place of the request, samples) as soon as a request is complete."""
    _check(model, requests, settings)
    lengths = [_length(request, settings) for request in requests]
    if not settings.exact:
        lengths = [max(lengths)] * len(requests) if requests else []
    training = model.training
    model.eval()
    try:
        for length in sorted(set(lengths)):
            queue = [(i, requests[i]) for i, own in enumerate(lengths) if own == length]
            wanted = sum(len(request.indices) for _, request in queue)
            rows = settings.rows if settings.exact else min(settings.rows, wanted)
            with _quiet(model):
                batch = _Batch(decoder(model, rows, length), model, settings, rows)
            yield from _run(model, batch, queue, settings, progress)
    finally:
        model.train(training)


def _length(request: Request, settings: Settings) -> int:
    return -(-(len(request.prompt_ids) + settings.max_new_tokens) // _LENGTH_UNIT) * _LENGTH_UNIT


def _check(model: nn.Module, requests: Sequence[Request], settings: Settings) -> None:
    if settings.temperature < 0 or not 0 < settings.top_p <= 1 or settings.rows < 1:
        raise ValueError(f"{settings}: temperature >= 0, 0 < top_p <= 1 and rows >= 1 are legal")
    if settings.max_new_tokens < 1:
        raise ValueError(f"max_new_tokens is {settings.max_new_tokens}; at least 1 is legal")
    context = getattr(getattr(model, "config", None), "max_position_embeddings", None)
    for place, request in enumerate(requests):
        if not len(request.prompt_ids) or not len(request.indices):
            raise ValueError(f"request {place} has no prompt tokens or no sample indices")
        need = len(request.prompt_ids) + settings.max_new_tokens
        if context and need > context:
            raise ValueError(
                f"request {place}: {len(request.prompt_ids)} prompt tokens and "
                f"max_new_tokens={settings.max_new_tokens} exceed the model's context of "
                f"{context}; lower max_new_tokens or drop the problem"
            )


@contextmanager
def _quiet(model: nn.Module) -> Iterator[None]:
    """No gradients, one thread on the processor; put back afterwards."""
    threads = torch.get_num_threads()
    one = threads > 1 and next(model.parameters()).device.type == "cpu"
    if one:
        torch.set_num_threads(1)  # thread counts change float sums, and so bytes
    try:
        with torch.inference_mode():
            yield
    finally:
        if one:
            torch.set_num_threads(threads)


@dataclass
class _Waiting:
    """A request whose prompt has been run and whose first tokens are drawn."""

    place: int
    prefix: Prefix
    streams: NDArray[np.int64]
    first: NDArray[np.int64]
    logprobs: NDArray[np.float32]
    entropy: float
    order: list[int] = field(default_factory=list)  # samples that still need a slot


class _Batch:
    """Slots and what their samples have so far; all arrays have one entry per slot."""

    def __init__(self, network: Decoder, model: nn.Module, settings: Settings, rows: int) -> None:
        weight = next(model.parameters())
        self.network, self.settings, self.device = network, settings, weight.device
        vocabulary = int(model.get_output_embeddings().weight.shape[0])  # type: ignore[operator]
        self.ends = torch.zeros(vocabulary, dtype=torch.bool, device=self.device)
        self.ends[list(settings.eos_ids)] = True
        shape = (rows, settings.max_new_tokens)
        self.tokens = torch.zeros(shape, dtype=torch.int32, device=self.device)
        self.logprobs = torch.zeros(shape, dtype=torch.float32, device=self.device)
        self.entropy = torch.zeros(rows, dtype=torch.float64, device=self.device)
        self.last = torch.zeros(rows, dtype=torch.int64, device=self.device)
        self.position = torch.zeros(rows, dtype=torch.int64, device=self.device)
        self.count = torch.zeros(rows, dtype=torch.int64, device=self.device)
        self.active = torch.zeros(rows, dtype=torch.bool, device=self.device)
        self.streams = np.zeros(rows, dtype=np.int64)
        self.owner: list[tuple[int, int] | None] = [None] * rows  # (request's place, sample)
        self.slots = torch.arange(rows, device=self.device)

    def free(self) -> list[int]:
        return [slot for slot, owner in enumerate(self.owner) if owner is None]

    def admit(self, slots: list[int], waiting: _Waiting) -> None:
        """Fill slots with the next samples of a request."""
        order, waiting.order = waiting.order[: len(slots)], waiting.order[len(slots) :]
        at = torch.tensor(slots, device=self.device)
        first = torch.from_numpy(waiting.first[order]).to(self.device)
        self.network.admit(at, waiting.prefix)
        self.tokens[at, 0], self.last[at] = first.int(), first
        self.logprobs[at, 0] = torch.from_numpy(waiting.logprobs[order]).to(self.device)
        self.entropy[at], self.count[at], self.active[at] = waiting.entropy, 1, True
        self.position[at] = waiting.prefix.length
        self.streams[slots] = waiting.streams[order]
        for slot, sample in zip(slots, order, strict=True):
            self.owner[slot] = (waiting.place, sample)

    def step(self) -> list[int]:
        """One more token for every sample; the slots whose samples have ended."""
        settings = self.settings
        logits = self.network.step(self.last, self.position)
        given = distribution(logits, settings.temperature, settings.top_p)
        chance = torch.from_numpy(uniforms(self.streams, self.count.cpu().numpy()))
        self.last = draw(given, chance.to(self.device))
        self.tokens[self.slots, self.count] = self.last.int()
        self.logprobs[self.slots, self.count] = given.logprobs[self.slots, self.last]
        self.entropy += given.entropy
        self.count += self.active
        self.position += self.active
        ended = (self.ends[self.last] | (self.count == settings.max_new_tokens)) & self.active
        return ended.nonzero()[:, 0].tolist()

    def release(self, slots: list[int]) -> list[tuple[int, int, Drawn]]:
        """Take ended samples out: (request's place, sample, what was drawn)."""
        at = torch.tensor(slots, device=self.device)
        tokens, logprobs = self.tokens[at].cpu().numpy(), self.logprobs[at].cpu().numpy()
        entropy, count = self.entropy[at].tolist(), self.count[at].tolist()
        ends = self.ends[self.last[at]].tolist()
        taken = []
        for i, slot in enumerate(slots):
            owner = self.owner[slot]
            assert owner is not None, "an empty slot cannot end"
            sample = _drawn(
                int(self.streams[slot]),
                tokens[i, : count[i]].copy(),
                logprobs[i, : count[i]].copy(),
                entropy[i] / count[i],
                ends[i],
            )
            taken.append((*owner, sample))
            self.owner[slot] = None
        # Spare rows run along at one position, so that they never leave the cache.
        self.active[at], self.count[at], self.position[at] = False, 0, 0
        return taken

    def shrink(self) -> None:
        """Drop spare rows; shapes, and so last bits, change."""
        busy = [slot for slot, owner in enumerate(self.owner) if owner is not None]
        at = torch.tensor(busy, device=self.device)
        self.network.keep(at)
        for name in ("tokens", "logprobs", "entropy", "last", "position", "count", "active"):
            setattr(self, name, getattr(self, name)[at])
        self.streams, self.owner = self.streams[busy], [self.owner[slot] for slot in busy]
        self.slots = torch.arange(len(busy), device=self.device)


def _drawn(
    stream: int,
    tokens: NDArray[np.int32],
    logprobs: NDArray[np.float32],
    entropy: float,
    stopped: bool,
) -> Drawn:
    total = float(logprobs.sum(dtype=np.float64))
    return Drawn(stream, tokens, "stop" if stopped else "length", total, entropy, logprobs)


def _start(
    batch: _Batch, place: int, request: Request, known: dict[tuple[int, ...], tuple]
) -> tuple[_Waiting, list[tuple[int, int, Drawn]]]:
    """Run a request's prompt and draw its first tokens; samples that end at once are done."""
    settings, prompt = batch.settings, tuple(request.prompt_ids)
    if prompt not in known:
        known.clear()  # blocks of one problem follow each other: one prompt is enough
        prefix = batch.network.prefill(list(prompt))
        given = distribution(prefix.logits, settings.temperature, settings.top_p)
        known[prompt] = (prefix, given)
    prefix, given = known[prompt]
    streams = sample_streams(request.stream, list(request.indices))
    first, logprobs = _first_tokens(given, streams)
    entropy = float(given.entropy[0])
    ends = batch.ends.cpu().numpy()[first] | (settings.max_new_tokens == 1)
    waiting = _Waiting(place, prefix, streams, first, logprobs, entropy)
    waiting.order = np.flatnonzero(~ends).tolist()
    stops = set(settings.eos_ids)
    done = [
        (
            place,
            int(i),
            _drawn(
                int(streams[i]),
                first[i : i + 1].astype(np.int32),
                logprobs[i : i + 1].copy(),
                entropy,
                int(first[i]) in stops,
            ),
        )
        for i in np.flatnonzero(ends)
    ]
    return waiting, done


def _first_tokens(
    given: Distribution, streams: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    chance: Tensor = torch.from_numpy(uniforms(streams, 0)).to(given.logprobs.device)
    first = draw(given, chance)
    return first.cpu().numpy(), given.logprobs[0, first].cpu().numpy()


def _run(
    model: nn.Module,
    batch: _Batch,
    queue: list[tuple[int, Request]],
    settings: Settings,
    progress: Progress | None,
) -> Iterator[tuple[int, list[Drawn]]]:
    """Run one batch until its queue is empty; yields requests as they are completed."""
    drawn: dict[int, dict[int, Drawn]] = {place: {} for place, _ in queue}
    wanted = {place: len(request.indices) for place, request in queue}
    known: dict[tuple[int, ...], tuple] = {}
    waiting: _Waiting | None = None
    turn, busy = 0, 0
    while turn < len(queue) or waiting or busy:
        # Nothing is yielded within `_quiet`: the caller's code runs as it was.
        with _quiet(model):
            ended: list[tuple[int, int, Drawn]] = []
            free = batch.free()
            refill = len(free) * _REFILL_SHARE >= len(batch.owner)
            while refill and free and (waiting or turn < len(queue)):
                if waiting is None:
                    waiting, at_once = _start(batch, *queue[turn], known)
                    ended, turn = ended + at_once, turn + 1
                fits = free[: len(waiting.order)]
                free = free[len(fits) :]
                if fits:
                    batch.admit(fits, waiting)
                    busy += len(fits)
                if not waiting.order:
                    waiting = None
            last = waiting is None and turn == len(queue)
            if last and not settings.exact and 0 < busy <= len(batch.owner) // 2:
                batch.shrink()
            if busy and (slots := batch.step()):
                ended += batch.release(slots)
                busy -= len(slots)
        if progress and ended:
            progress(len(ended))
        for place, sample, one in ended:
            drawn[place][sample] = one
        for place in {place for place, _, _ in ended}:
            if len(drawn[place]) == wanted[place]:
                samples = drawn.pop(place)
                yield place, [samples[i] for i in range(wanted[place])]
