"""The step loop: many samples of many prompts from one causal language model.

What makes it fast:
1. Tokens that samples share are run once: a prompt for all its samples, and every continuation
   for all samples that agree so far. A branch splits where its samples draw different tokens. Of a
   trained model at temperature 0.6, 256 samples of a problem take an eleventh of the steps.
2. The cache is static and written in place; a slot that becomes free is filled at once.
3. `passk.sampling.forward` joins the many small operations of small models.

What makes it exact: shapes of all operations are fixed by the config and the prompt (rows x
cache positions; spare rows run along), each row attends to its own slot, and the random numbers
are a function of (stream, sample index, position). So a sample depends on nothing but its
request's prompt and stream, and its index: not on the other samples and requests, their order, or
what was resumed. Tested bit by bit. On a processor bytes are those of every machine that
`passk.core.processor` covers, with one version of torch.

Example:
    >>> from transformers import Qwen2Config, Qwen2ForCausalLM
    >>> tiny = Qwen2Config(vocab_size=16, hidden_size=8, num_hidden_layers=1, intermediate_size=8,
    ...                    num_attention_heads=2, num_key_value_heads=1)
    >>> asked = Request((1, 2, 3), stream=5, indices=range(4))
    >>> drawn = generate(Qwen2ForCausalLM(tiny), [asked], DecodingConfig(max_new_tokens=6, rows=4))
    >>> [len(one.token_ids) for one in drawn[0]]
    [6, 6, 6, 6]
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from passk.models.arithmetic import keep_rows_independent, route_products
from passk.models.image_inputs import ImageInputs
from passk.sampling.decoding import DecodingConfig
from passk.sampling.engines.engine import CountSamples
from passk.sampling.forward import make_decoder
from passk.sampling.prefix_tree import FinishedSequence, PrefixTree
from passk.sampling.streams import derive_streams

# Cache positions are a multiple of this, so that prompts of similar length share a batch.
_LENGTH_UNIT = 32
# At most one prompt per so many rows is in work, so that a killed run loses few blocks.
_ROWS_PER_PROMPT = 8

Prompt = tuple[tuple[int, ...], ImageInputs | None]  # ids and image


@dataclass(frozen=True)
class Request:
    """Samples wanted of one prompt.

    Attributes:
        prompt_ids: token ids of the prompt, at least one.
        stream: what the random numbers are keyed by, below 2**63; see `passk.core.digests.seed`.
        indices: sample indices; (stream, index) names a sample's random numbers.
        image: what the placeholders among the ids stand for, or None. Requests share the work
            on a prompt where they share the very object.
    """

    prompt_ids: Sequence[int]
    stream: int
    indices: Sequence[int]
    image: ImageInputs | None = None


class Drawn(NamedTuple):
    """One sample.

    Attributes:
        stream: 63-bit stream of its random numbers.
        token_ids: int32, with the token that ended it; samples may share the array.
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
    config: DecodingConfig,
    progress: CountSamples | None = None,
) -> list[list[Drawn]]:
    """Draw all samples of all requests.

    Returns:
        For each request, in order, its samples in the order of its indices.

    Raises:
        ValueError: a request is empty or does not fit the model's context.
    """
    samples_by_request: list[list[Drawn]] = [[] for _ in requests]
    for position, samples in generate_each(model, requests, config, progress):
        samples_by_request[position] = samples
    return samples_by_request


def generate_each(
    model: nn.Module,
    requests: Sequence[Request],
    config: DecodingConfig,
    progress: CountSamples | None = None,
) -> Iterator[tuple[int, list[Drawn]]]:
    """As `generate`, but (place of the request, samples) as soon as a request is complete."""
    _check(model, requests, config)
    route_products()
    lengths = [_round_length(request, config) if config.exact else 0 for request in requests]
    training = model.training
    model.eval()
    try:
        for length in sorted(set(lengths)):
            positions = [
                position
                for position, request_length in enumerate(lengths)
                if request_length == length
            ]
            yield from _run(model, requests, positions, config, progress)
    finally:
        model.train(training)


def _round_length(request: Request, config: DecodingConfig) -> int:
    return -(-(len(request.prompt_ids) + config.max_new_tokens) // _LENGTH_UNIT) * _LENGTH_UNIT


def _check(model: nn.Module, requests: Sequence[Request], config: DecodingConfig) -> None:
    if config.temperature < 0 or not 0 < config.top_p <= 1 or config.rows < 1:
        raise ValueError(f"{config}: temperature >= 0, 0 < top_p <= 1 and rows >= 1 are legal")
    if config.max_new_tokens < 1:
        raise ValueError(f"max_new_tokens is {config.max_new_tokens}; at least 1 is legal")
    model_config = getattr(model, "config", None)
    context = getattr(
        model_config and model_config.get_text_config(), "max_position_embeddings", None
    )
    for position, request in enumerate(requests):
        if not len(request.prompt_ids) or not len(request.indices):
            raise ValueError(f"request {position} has no prompt tokens or no sample indices")
        length = len(request.prompt_ids) + config.max_new_tokens
        if context and length > context:
            raise ValueError(
                f"request {position}: {len(request.prompt_ids)} prompt tokens and "
                f"max_new_tokens={config.max_new_tokens} exceed the model's context of "
                f"{context}; lower max_new_tokens or drop the problem"
            )


@contextmanager
def inference(model: nn.Module, exact: bool) -> Iterator[None]:
    """No gradients, one thread on the processor, rows apart if exact; put back afterwards."""
    threads = torch.get_num_threads()
    restrict = threads > 1 and next(model.parameters()).device.type == "cpu"
    if restrict:
        torch.set_num_threads(1)  # thread counts change float sums, and so bytes
    try:
        with torch.inference_mode(), keep_rows_independent() if exact else nullcontext():
            yield
    finally:
        if restrict:
            torch.set_num_threads(threads)


class _RequestTracker:
    """Which samples belong to which request, and which are done. Samples are numbered through."""

    def __init__(self, requests: Sequence[Request], positions: Sequence[int]) -> None:
        sizes = [len(requests[position].indices) for position in positions]
        bounds = np.cumsum([0, *sizes]).tolist()
        self.spans = {position: slice(*bounds[i : i + 2]) for i, position in enumerate(positions)}
        self.owners = np.repeat(positions, sizes)
        self.streams = np.concatenate(
            [derive_streams(requests[i].stream, list(requests[i].indices)) for i in positions]
        )
        self.drawn: list[Drawn | None] = [None] * len(self.owners)
        self.missing = dict(zip(positions, sizes, strict=True))
        self.prompts: dict[int, Prompt] = {
            position: (tuple(requests[position].prompt_ids), requests[position].image)
            for position in positions
        }
        self.open = Counter(self.prompts.values())  # requests of a prompt that are not complete
        self.working = 0  # prompts in work

    def by_prompt(self) -> deque[tuple[Prompt, NDArray[np.int64]]]:
        """Prompts in order, each with its samples: those of all its requests."""
        members: dict[Prompt, list[NDArray[np.int64]]] = {}
        for position, prompt in self.prompts.items():
            span = self.spans[position]
            members.setdefault(prompt, []).append(np.arange(span.start, span.stop))
        return deque((prompt, np.concatenate(parts)) for prompt, parts in members.items())

    def note(self, sequences: Sequence[FinishedSequence]) -> list[int]:
        """Note what was drawn; the places of requests that are complete now."""
        complete = []
        for sequence in sequences:
            total = float(sequence.logprobs.sum(dtype=np.float64))
            reason = "stop" if sequence.stopped else "length"
            entropy = sequence.entropy / len(sequence.tokens)
            for sample in sequence.members.tolist():
                self.drawn[sample] = Drawn(
                    int(self.streams[sample]),
                    sequence.tokens,
                    reason,
                    total,
                    entropy,
                    sequence.logprobs,
                )
                position = int(self.owners[sample])
                self.missing[position] -= 1
                if not self.missing[position]:
                    complete.append(position)
        return complete

    def take(self, position: int) -> list[Drawn]:
        """The samples of a complete request; they are not kept."""
        prompt, span = self.prompts[position], self.spans[position]
        self.open[prompt] -= 1
        self.working -= not self.open[prompt]
        samples = [sample for sample in self.drawn[span] if sample is not None]
        self.drawn[span] = [None] * len(samples)
        return samples


def _run(
    model: nn.Module,
    requests: Sequence[Request],
    positions: Sequence[int],
    config: DecodingConfig,
    progress: CountSamples | None,
) -> Iterator[tuple[int, list[Drawn]]]:
    """Run some of the requests in one batch; yields them as they are completed."""
    tracker = _RequestTracker(requests, positions)
    queue = tracker.by_prompt()
    length = max(_round_length(requests[position], config) for position in positions)
    rows, most_prompts = config.rows, config.rows // _ROWS_PER_PROMPT + 1
    if not config.exact:
        rows, most_prompts = min(rows, len(tracker.owners)), len(queue)
    with inference(model, config.exact):
        tree = PrefixTree(make_decoder(model, rows, length), rows, model, config, tracker.streams)
    while queue or tree.busy:
        # Nothing is yielded within `inference`: the caller's code runs as it was.
        with inference(model, config.exact):
            while queue and tree.hungry and tracker.working < most_prompts:
                (prompt, image), members = queue.popleft()
                tree.begin(prompt, image, members)
                tracker.working += 1
            if not config.exact and not queue:
                tree.shrink()
            sequences = tree.step()
        complete = tracker.note(sequences)
        if progress and sequences:
            progress(sum(len(sequence.members) for sequence in sequences))
        for position in complete:
            yield position, tracker.take(position)
