"""Who draws the rollouts of an arm: `engine: step_loop | generate | vllm`.

| engine | random numbers | for |
|---|---|---|
| step_loop | per rollout: a function of (arm, step, place, problem, index, position) | decoders |
| generate | per batch of `generate` calls: seeded by (arm, step, batch) | any architecture |
| vllm | per rollout: a hashed seed of (arm, step, place, problem, index) | GPUs |

The place, a task's position in its step, is in the seeds because one step may ask a problem twice.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from passk.core.digests import seed
from passk.models.image_inputs import Seen, inputs
from passk.sampling.steploop import Request, Settings, generate
from passk.training.rollouts import Rollout, Task
from passk.training.settings import Training
from passk.training.weights import copy_of, refresh

Identity = tuple[int | str, ...]


class Engine(Protocol):
    """A `Draw` that can be told at which place of the step its first task stands."""

    def __call__(
        self,
        model: PreTrainedModel,
        tasks: Sequence[Task],
        step: int,
        *,
        stream: str = "rollout",
        greedy: bool = False,
        first: int = 0,
    ) -> list[list[Rollout]]:
        """As `passk.training.rollouts.Draw`."""
        ...


def engine(
    settings: Training,
    tokenizer: PreTrainedTokenizerBase,
    identity: Identity,
    start: Path,
    length: int,
) -> Engine:
    """The engine that an arm names.

    Args:
        settings: the arm's parameters.
        tokenizer: of the start model.
        identity: what random numbers derive from.
        start: folder of the start model.
        length: tokens of the longest prompt and response.
    """
    if settings.engine == "vllm":
        from passk.training.colocated import Colocated

        return Colocated(tokenizer, settings, identity, start, length)
    draw = {"step_loop": step_loop, "generate": by_generate}[settings.engine](
        tokenizer, settings, identity
    )
    if settings.lora is None and settings.precision == "float32":
        return draw
    return drawn_by_a_copy(draw, start, getattr(torch, settings.precision))


def drawn_by_a_copy(draw: Engine, start: Path, dtype: torch.dtype) -> Engine:
    """Rollouts by a copy of the policy in another precision, without adapters."""
    held: list[PreTrainedModel] = []

    def drawn(
        model: PreTrainedModel, tasks: Sequence[Task], step: int, *,
        stream: str = "rollout", greedy: bool = False, first: int = 0,
    ) -> list[list[Rollout]]:  # fmt: skip
        if held:
            refresh(held[0], model)
        else:
            held.append(copy_of(model, start, dtype, model.device))
        return draw(held[0], tasks, step, stream=stream, greedy=greedy, first=first)

    return drawn


def step_loop(tokenizer: PreTrainedTokenizerBase, settings: Training, identity: Identity) -> Engine:
    """Rollouts by the sampling engine's step loop."""
    rows = settings.prompts * settings.rollouts
    how = Settings(
        temperature=settings.temperature,
        top_p=settings.top_p,
        max_new_tokens=settings.max_new_tokens,
        rows=min(rows, 256),
        exact=False,
    )

    def draw(
        model: PreTrainedModel, tasks: Sequence[Task], step: int, *,
        stream: str = "rollout", greedy: bool = False, first: int = 0,
    ) -> list[list[Rollout]]:  # fmt: skip
        requests = [
            Request(
                task.prompt_ids,
                seed(stream, *identity, step, place, task.problem_id),
                range(1 if greedy else settings.rollouts),
                task.seen,
            )
            for place, task in enumerate(tasks, first)
        ]
        mode = replace(how, temperature=0.0, top_p=1.0) if greedy else how
        groups = generate(model, requests, replace(mode, eos_ids=ends(model, tokenizer)))
        ids = [[one.token_ids.tolist() for one in group] for group in groups]
        texts = tokenizer.batch_decode([i for g in ids for i in g], skip_special_tokens=True)
        spoken = iter(texts)
        return [
            [
                Rollout(i, next(spoken), one.finish_reason == "length", one.mean_entropy)
                for i, one in zip(own, group, strict=True)
            ]
            for own, group in zip(ids, groups, strict=True)
        ]

    return draw


def by_generate(
    tokenizer: PreTrainedTokenizerBase, settings: Training, identity: Identity
) -> Engine:
    """Rollouts by transformers' `generate`, as many rows at once as a forward pass of the loss.

    `generate` draws all rows of a batch from one random stream, so that a rollout depends on the
    batch that it is in. The start model's own sampling defaults (top-k, penalties) are not used.
    """
    at_once = max(settings.prompts * settings.rollouts // settings.gradient_accumulation, 1)

    def draw(
        model: PreTrainedModel, tasks: Sequence[Task], step: int, *,
        stream: str = "rollout", greedy: bool = False, first: int = 0,
    ) -> list[list[Rollout]]:  # fmt: skip
        size = 1 if greedy else settings.rollouts
        asked = [task for task in tasks for _ in range(size)]
        flat: list[Rollout] = []
        devices = [model.device] if model.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            for begin in range(0, len(asked), at_once):
                torch.manual_seed(seed(stream, *identity, step, first, begin))
                batch = asked[begin : begin + at_once]
                flat += _generated(model, tokenizer, batch, settings, greedy=greedy)
        return [flat[i : i + size] for i in range(0, len(flat), size)]

    return draw


class _Entropies(LogitsProcessor):
    """Notes the entropy, nats, of every next-token distribution; changes nothing."""

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature
        self.columns: list[Tensor] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        logs = torch.log_softmax(scores.float() / self.temperature, dim=-1)
        self.columns.append(-(logs.exp() * logs.nan_to_num(neginf=0.0)).sum(-1))
        return scores


def _generated(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    tasks: Sequence[Task],
    settings: Training,
    *,
    greedy: bool,
) -> list[Rollout]:
    """One response to each task, by one call of `generate`."""
    prompts = [task.prompt_ids for task in tasks]
    width = max(map(len, prompts))
    pad = tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (width - len(p)) + list(p) for p in prompts])
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
    last = ends(model, tokenizer)
    sampled = {} if greedy else {"temperature": settings.temperature, "top_p": settings.top_p}
    how = GenerationConfig(
        max_new_tokens=settings.max_new_tokens, do_sample=not greedy, top_k=0 if sampled else None,
        eos_token_id=list(last), pad_token_id=pad, use_cache=True, **sampled,
    )  # fmt: skip
    entropies = _Entropies(1.0 if greedy else settings.temperature)
    own = model.generation_config
    model.generation_config = how  # what it says would fill in what is not said here
    try:
        generate_by: Any = model.generate
        out = generate_by(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            **shown(model, ids.to(model.device), [task.seen for task in tasks]),
            generation_config=how,
            logits_processor=LogitsProcessorList([entropies]),
        )
    finally:
        model.generation_config = own
    spread = torch.stack(entropies.columns, dim=1).cpu()
    rows = [_until_end(row, last) for row in out[:, width:].tolist()]
    texts = tokenizer.batch_decode(rows, skip_special_tokens=True)
    return [
        Rollout(row, text, row[-1] not in last, float(spread[i, : len(row)].mean()))
        for i, (row, text) in enumerate(zip(rows, texts, strict=True))
    ]


def _until_end(row: list[int], last: Sequence[int]) -> list[int]:
    """Tokens up to the first that ends a response, with it."""
    found = [place for place, token in enumerate(row) if token in last]
    return row[: found[0] + 1] if found else row


def shown(
    model: PreTrainedModel, ids: Tensor, pictures: Sequence[Seen | None]
) -> dict[str, Tensor]:
    """What a forward pass takes besides ids: the pictures of all rows, or nothing."""
    seen = [one for one in pictures if one is not None]
    return inputs(ids, seen, model.config.image_token_id) if seen else {}


def ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """Every token that ends a response: the tokenizer's, and those that the model declares."""
    declared = model.generation_config.eos_token_id if model.generation_config else None
    listed = declared if isinstance(declared, list) else [declared]
    return tuple(sorted({int(i) for i in (tokenizer.eos_token_id, *listed) if i is not None}))
