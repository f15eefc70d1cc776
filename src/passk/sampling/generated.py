"""One call of transformers' `generate`, with what is drawn recorded as the step loop has it."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from passk.models.image_inputs import ImageInputs, make_model_inputs
from passk.sampling.steploop import inference


@dataclass(frozen=True)
class Way:
    """How rows are drawn.

    Attributes:
        temperature: 0 is greedy decoding.
        top_p: mass of the nucleus.
        max_new_tokens: longest response.
        ends: tokens that end one.
        pad: what stands behind an end.
    """

    temperature: float
    top_p: float
    max_new_tokens: int
    ends: tuple[int, ...]
    pad: int


class Generated(NamedTuple):
    """One row.

    Attributes:
        token_ids: int32, with the token that ended it.
        stopped: whether an end or a stop string ended it, not the limit.
        logprobs: float32, one per token: nats, temperature 1, untruncated.
        mean_entropy: nats per token, at the temperature before top-p; greedy: at 1.
    """

    token_ids: NDArray[np.int32]
    stopped: bool
    logprobs: NDArray[np.float32]
    mean_entropy: float


def run_generate(
    model: Any,  # noqa: ANN401
    prompts: Sequence[Sequence[int]],
    way: Way,
    *,
    seed: int,
    images: Sequence[ImageInputs | None] = (),
    ends_early: Callable[[Sequence[int]], bool] | None = None,
    one_thread: bool = False,
) -> list[Generated]:
    """One response to each of several prompts.

    Args:
        model: a causal language model, in evaluation mode.
        prompts: token ids; padded on the left.
        way: how they are drawn.
        seed: of the random numbers of the whole batch. torch's own generator stays as it was.
        images: of the rows, or none.
        ends_early: tells of a response's tokens so far whether they end it, or None.
        one_thread: whether a processor computes on one thread, as bytes demand.
    """
    width = max(map(len, prompts))
    ids = torch.tensor([[way.pad] * (width - len(p)) + list(p) for p in prompts]).to(model.device)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts]).to(model.device)
    recorder = _Recorder(way.temperature or 1.0)
    stopper = _Stopper(width, len(prompts), ends_early)
    declared = model.generation_config
    model.generation_config = _configure(way)  # its own would fill in what is not said here
    devices = [model.device] if model.device.type == "cuda" else []
    limits = inference(model, exact=False) if one_thread else nullcontext()
    try:
        with torch.random.fork_rng(devices=devices), limits:
            torch.manual_seed(seed)
            out = model.generate(
                input_ids=ids,
                attention_mask=mask,
                **_prepare_images(model, ids, images),
                generation_config=model.generation_config,
                logits_processor=LogitsProcessorList([recorder]),
                **({"stopping_criteria": StoppingCriteriaList([stopper])} if ends_early else {}),
            )
    finally:
        model.generation_config = declared
    logprobs, entropies = recorder.finish(out)
    return [
        _cut(row, way, stopper.ended_at[i], logprobs[i], entropies[i])
        for i, row in enumerate(out[:, width:].tolist())
    ]


def _configure(way: Way) -> GenerationConfig:
    sampled: dict[str, Any] = {}
    if way.temperature:
        sampled = {"temperature": way.temperature, "top_p": way.top_p}
    return GenerationConfig(
        max_new_tokens=way.max_new_tokens,
        do_sample=bool(sampled),
        top_k=0 if sampled else None,
        eos_token_id=list(way.ends) or None,
        pad_token_id=way.pad,
        use_cache=True,
        **sampled,
    )


def _prepare_images(
    model: Any,  # noqa: ANN401
    ids: Tensor,
    images: Sequence[ImageInputs | None],
) -> dict[str, Tensor]:
    """What a forward pass takes besides ids: the images of all rows, or nothing."""
    present = [image for image in images if image is not None]
    if not present:
        return {}
    return make_model_inputs(ids, present, model.config.image_token_id)


class _Recorder:
    """A logits processor: notes what each token was drawn from, and changes nothing."""

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature
        self.entropies: list[Tensor] = []  # (rows,) of each step, nats
        self.chosen: list[Tensor] = []  # (rows,) log-probability of each step's token
        self.last: Tensor | None = None  # (rows, vocabulary) of the step at hand

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Note the distribution of a step."""
        self._choose(input_ids)
        self.last = scores.float().log_softmax(dim=-1)
        logs = (scores.float() / self.temperature).log_softmax(dim=-1)
        # A token that cannot be drawn has log-probability -inf and mass 0: 0 * -inf counts as 0.
        self.entropies.append(-(logs.exp() * logs.nan_to_num(neginf=0.0)).sum(-1))
        return scores

    def _choose(self, input_ids: Tensor) -> None:
        if self.last is not None:
            self.chosen.append(self.last.gather(-1, input_ids[:, -1:])[:, 0])

    def finish(self, ids: Tensor) -> tuple[NDArray[np.float32], Tensor]:
        """Log-probabilities and entropies, (rows, steps), of what was drawn."""
        self._choose(ids)
        self.last = None
        return (
            torch.stack(self.chosen, dim=1).cpu().numpy(),
            torch.stack(self.entropies, dim=1).cpu(),
        )


class _Stopper:
    """A stopping criterion: rows whose texts hold a string that ends them."""

    def __init__(
        self, width: int, rows: int, ends_early: Callable[[Sequence[int]], bool] | None
    ) -> None:
        self.width, self.ends_early = width, ends_early
        self.ended_at: list[int | None] = [None] * rows  # tokens of the response by then

    def __call__(self, input_ids: Tensor, scores: object, **options: object) -> Tensor:
        """Which rows are done, (rows,)."""
        assert self.ends_early is not None, "used only where there are such strings"
        for i, row in enumerate(input_ids[:, self.width :].tolist()):
            if self.ended_at[i] is None and self.ends_early(row):
                self.ended_at[i] = len(row)
        done = [length is not None for length in self.ended_at]
        return torch.tensor(done, device=input_ids.device)


def _cut(
    row: list[int],
    way: Way,
    ended_at: int | None,
    logprobs: NDArray[np.float32],
    entropies: Tensor,
) -> Generated:
    """A row up to what ended it, with it."""
    lengths = [place + 1 for place, token in enumerate(row) if token in way.ends][:1]
    lengths += [] if ended_at is None else [ended_at]
    length = min(lengths, default=len(row))
    return Generated(
        np.asarray(row[:length], np.int32),
        bool(lengths),
        logprobs[:length].copy(),
        float(entropies[:length].mean()),
    )
