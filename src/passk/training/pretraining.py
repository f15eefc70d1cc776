"""Pretraining: next-token prediction on responses, in a plain loop that a kill hardly hurts.

Everything is a function of the data, the settings and a seed: batches are planned beforehand, and
nothing is random in a step. So a run that resumes gives the same bytes as one that was never
interrupted, on one thread.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from passk.core.files import json_lines, replacing
from passk.models.arithmetic import route_products
from passk.models.image_inputs import ImageEncoder
from passk.training.log_rows import LossRow

_BUCKET = 16  # batches whose documents are sorted by length together
_IGNORED = -100


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        steps: updates.
        batch: documents per update.
        learning_rate: peak of AdamW's learning rate; linear warmup, then a cosine.
        warmup_steps: updates over which it rises.
        final_rate: share of the peak at the last update.
        weight_decay: decoupled weight decay.
        betas: AdamW's decay rates.
        eps: AdamW's epsilon.
        max_grad_norm: the gradient's norm is clipped here.
    """

    steps: int
    batch: int
    learning_rate: float
    warmup_steps: int
    final_rate: float
    weight_decay: float
    betas: tuple[float, float]
    eps: float
    max_grad_norm: float

    def rate(self, step: int) -> float:
        """Learning rate of a step, from 0."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        cosine = 0.5 * (1 + math.cos(math.pi * done))
        return self.learning_rate * (self.final_rate + (1 - self.final_rate) * cosine)


@dataclass(frozen=True)
class Sequences:
    """Token ids of all documents, padded.

    Attributes:
        ids: int64, (documents, longest).
        labels: the ids where they are to be learned, -100 elsewhere.
        lengths: tokens of each document.
        images: of each document, PNG; None where documents are text alone.
    """

    ids: torch.Tensor
    labels: torch.Tensor
    lengths: NDArray[np.int64]
    images: Sequence[bytes] | None = None


def pack(
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
    padding: int,
    images: Sequence[bytes] | None = None,
) -> Sequences:
    """Pairs of prompt and response (with its end token) as padded arrays.

    Only responses are learned: questions of a generated world are random numbers.

    Args:
        pairs: token ids; a prompt's placeholder for its image is expanded.
        padding: token.
        images: of each pair, PNG; None where there are none.
    """
    lengths = np.array([len(prompt) + len(response) for prompt, response in pairs])
    shape = (len(pairs), int(lengths.max()))
    ids = np.full(shape, padding)
    labels = np.full(shape, _IGNORED)
    for row, (prompt, response) in enumerate(pairs):
        ids[row, : lengths[row]] = [*prompt, *response]
        labels[row, len(prompt) : lengths[row]] = response
    return Sequences(torch.from_numpy(ids), torch.from_numpy(labels), lengths, images)


def plan_batches(
    lengths: NDArray[np.int64], batch: int, steps: int, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Rows of each step: each epoch in a new order, documents of similar length together.

    Raises:
        ValueError: there are fewer documents than a batch holds.
    """
    if len(lengths) < batch:
        raise ValueError(f"{len(lengths)} documents are fewer than a batch of {batch}")
    generator = np.random.default_rng(seed)
    done = 0
    while done < steps:
        order = generator.permutation(len(lengths))
        order = order[: len(order) // batch * batch]
        for start in range(0, len(order), batch * _BUCKET):
            bucket = order[start : start + batch * _BUCKET]
            bucket = bucket[np.argsort(lengths[bucket], kind="stable")].reshape(-1, batch)
            for rows in generator.permutation(bucket)[: steps - done]:
                yield rows
                done += 1


def _update(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Sequences,
    rows: NDArray[np.int64],
    *,
    clip: float,
    encoder: ImageEncoder | None,
) -> float:
    """One step; returns the mean loss per learned token, in nats."""
    longest = int(data.lengths[rows].max())
    chosen = torch.from_numpy(rows)
    labels = data.labels[chosen, 1:longest]
    learned = labels != _IGNORED
    ids = data.ids[chosen, : longest - 1]
    image_tensors: dict[str, Tensor] = {}
    if encoder is not None and data.images is not None:
        image_tensors = encoder.encode_all([data.images[row] for row in rows])
        image_tensors["mm_token_type_ids"] = (ids == encoder.image_id).int()
    states = model.model(input_ids=ids, use_cache=False, **image_tensors)  # type: ignore[operator]
    # Only the states that predict a learned token meet the vocabulary.
    logits = model.lm_head(states.last_hidden_state[learned])  # type: ignore[operator]
    loss = cross_entropy(logits, labels[learned])
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return float(loss.detach())


def pretrain(
    model: nn.Module,
    data: Sequences,
    schedule: Schedule,
    *,
    seed: int,
    folder: Path,
    resume_every: int,
    on_step: Callable[[LossRow], object] = lambda row: None,
    encoder: ImageEncoder | None = None,
) -> list[LossRow]:
    """Train a model in place.

    Args:
        model: a causal language model of transformers, with `model` and `lm_head`.
        data: what to learn.
        schedule: how long and how fast.
        seed: of the order of documents.
        folder: where a killed run resumes; it must belong to these very inputs.
        resume_every: steps between resume points.
        on_step: told each row of the log, those before a resume included.
        encoder: of a model that takes images.

    Returns:
        One row per step: step (from 1), loss (nats per token), learning_rate.

    Raises:
        FloatingPointError: the loss is not finite.
    """
    route_products()
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=schedule.learning_rate,
        betas=schedule.betas,
        eps=schedule.eps,
        weight_decay=schedule.weight_decay,
        fused=True,  # its square roots are exact: see passk.models.arithmetic
    )
    rows = _load_resume_point(folder, model, optimizer)
    for row in rows:
        on_step(row)
    model.train()
    plan = plan_batches(data.lengths, schedule.batch, schedule.steps, seed)
    for step, chosen in enumerate(plan):
        if step < len(rows):
            continue
        rate = schedule.rate(step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = _update(model, optimizer, data, chosen, clip=schedule.max_grad_norm, encoder=encoder)
        if not math.isfinite(loss):
            raise FloatingPointError(f"loss {loss} in step {step + 1}; lower the learning rate")
        rows.append({"step": step + 1, "loss": loss, "learning_rate": rate})
        if (step + 1) % resume_every == 0 and step + 1 < schedule.steps:
            _save_resume_point(folder, model, optimizer, rows)
        on_step(rows[-1])
    model.eval()
    return rows


class ResumePoint(TypedDict):
    """What a killed run goes on from: states of model and optimizer, and the log so far."""

    model: dict[str, object]
    optimizer: dict[str, object]
    rows: list[LossRow]


def _save_resume_point(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, rows: list[LossRow]
) -> None:
    """Write a resume point in one piece; the one before it goes."""
    point = ResumePoint(model=model.state_dict(), optimizer=optimizer.state_dict(), rows=rows)
    with replacing(folder / "point.pt") as temporary:
        torch.save(point, temporary)


def _load_resume_point(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer
) -> list[LossRow]:
    """Load the resume point, if there is one; returns the log so far."""
    path = folder / "point.pt"
    if not path.exists():
        return []
    point: ResumePoint = torch.load(path, weights_only=True)
    model.load_state_dict(point["model"])
    optimizer.load_state_dict(point["optimizer"])
    return list(point["rows"])


def format_log(rows: Sequence[LossRow]) -> str:
    """The training log as JSON lines."""
    return json_lines(rows)
