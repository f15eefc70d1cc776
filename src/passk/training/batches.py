"""From rollouts to the tensors of the loss: padding, what the log says, micro-batches."""

from collections.abc import Mapping, Sequence
from typing import TypedDict, cast

import torch
from torch import Tensor

from passk.sampling.rollouts import Rollout
from passk.training.log_rows import RolloutSummary
from passk.training.tasks import Task


class MicroBatch(TypedDict, total=False):
    """What TRL's loss reads of the rows of one pass; a micro-batch without rows has no key.

    Attributes:
        prompt_ids, prompt_mask: padded on the left, (rows, tokens).
        completion_ids, completion_mask: padded on the right, (rows, tokens).
        task: which of the step's tasks each row answers.
        advantages: (rows,), or (rows, tokens).
        old_per_token_logps: of the policy that drew the rows, where a step has several updates.
        ref_per_token_logps: of the start model, where there is a KL penalty.
        num_items_in_batch: tokens of the whole batch.
        weight: a factor of the loss.
    """

    prompt_ids: Tensor
    prompt_mask: Tensor
    completion_ids: Tensor
    completion_mask: Tensor
    task: Tensor
    advantages: Tensor
    old_per_token_logps: Tensor
    ref_per_token_logps: Tensor
    num_items_in_batch: Tensor
    weight: float


# Of all rollouts of a step, or of one pass.
BatchTensors = MicroBatch | Mapping[str, Tensor]


def collate(
    tasks: Sequence[Task], groups: Sequence[Sequence[Rollout]], pad: int, device: torch.device
) -> dict[str, Tensor]:
    """The tensors of TRL's loss: prompts padded on the left, completions on the right.

    Returns:
        `prompt_ids`, `prompt_mask`, `completion_ids`, `completion_mask`; rows are the rollouts of
        the first task, then of the second, and so on. `task`: which of the tasks each row answers.
    """
    prompts = [t.prompt_ids for t, group in zip(tasks, groups, strict=True) for _ in group]
    completions = [rollout.token_ids for group in groups for rollout in group]
    prompt_ids, prompt_mask = _pad(prompts, pad, left=True)
    completion_ids, completion_mask = _pad(completions, pad, left=False)
    return {
        "prompt_ids": prompt_ids.to(device),
        "prompt_mask": prompt_mask.to(device),
        "completion_ids": completion_ids.to(device),
        "completion_mask": completion_mask.to(device),
        "task": torch.tensor([i for i, group in enumerate(groups) for _ in group]).to(device),
    }


def _pad(rows: Sequence[Sequence[int]], pad: int, *, left: bool) -> tuple[Tensor, Tensor]:
    """Ids and mask, shape (rows, longest)."""
    width = max(map(len, rows))
    ids, mask = [], []
    for row in rows:
        fill = width - len(row)
        ids.append([pad] * fill + list(row) if left else list(row) + [pad] * fill)
        mask.append([0] * fill + [1] * len(row) if left else [1] * len(row) + [0] * fill)
    return torch.tensor(ids), torch.tensor(mask)


def split_batch(
    batch: Mapping[str, Tensor],
    parts: int,
    *,
    order: Tensor,
    skip: bool,
    loss_type: str,
    share: tuple[int, int] = (0, 1),
) -> tuple[list[MicroBatch], int]:
    """Split a batch; rows that cannot move the policy are left out.

    A row whose advantage is 0 has a gradient of 0. Leaving it out changes the mean that the loss
    is; `weight` undoes that, and the unequal sizes of the parts where rows do not divide evenly.

    Args:
        batch: tensors with one row per rollout, among them `advantages`, `completion_mask`.
        parts: micro-batches.
        order: rows in the order in which they fill the micro-batches.
        skip: whether rows are left out.
        loss_type: which mean the loss is, see `passk.training.settings`.
        share: this process and how many there are; each gets its rows of every micro-batch, and
            their gradients are averaged.

    Returns:
        The micro-batches, with `num_items_in_batch` (tokens of the whole batch, for TRL) and
        `weight` (a factor of the loss) added, and the number of rows that are kept. A part that
        gets no row is empty.
    """
    total, (rank, processes) = len(order), share
    moving = torch.ones(total, dtype=torch.bool)
    if skip:
        moving = batch["advantages"].reshape(total, -1).any(1).cpu()
    tokens = batch["completion_mask"].sum()
    slices: list[MicroBatch] = []
    rows_kept = 0
    for rows in order.tensor_split(parts):
        retained = moving[rows]
        if len(rows) and not retained.any():
            retained[0] = True  # so that every update has a gradient, be it 0
        rows_kept += int(retained.sum())
        if not len(rows):
            slices.append({})
            continue
        own_rows = rows[retained][rank::processes]
        idle = not len(own_rows)  # fewer rows than processes: one row that counts nothing
        chosen = rows[:1] if idle else own_rows
        part = cast("MicroBatch", {name: tensor[chosen] for name, tensor in batch.items()})
        part["num_items_in_batch"] = tokens
        if idle:
            part["weight"] = 0.0
        elif loss_type == "dapo":  # a sum over tokens divided by `tokens`: already right
            part["weight"] = 1.0
        elif loss_type == "bnpo":
            part_tokens = part["completion_mask"].sum() * parts * processes
            part["weight"] = float(part_tokens / tokens.clamp(min=1))
        else:
            part["weight"] = len(own_rows) * parts * processes / total
        slices.append(part)
    return slices, rows_kept


def summarise(
    rewards: Tensor,
    flat: Sequence[Rollout],
    *,
    unknown: int,
    besides: Sequence[Rollout] = (),
    rounds: int = 1,
) -> RolloutSummary:
    """What a step's rollouts say, for the log.

    Args:
        rewards: of all groups drawn, those that are dropped too, shape (groups, rollouts).
        flat: their rollouts.
        unknown: verdicts `unknown`.
        besides: what else was drawn (greedy responses); it counts as drawn, and nowhere else.
        rounds: rounds of rollouts.
    """
    lengths = torch.tensor([len(r.token_ids) for r in flat], dtype=torch.float64)
    entropies = torch.tensor([r.entropy for r in flat], dtype=torch.float64)
    return RolloutSummary(
        reward=float(rewards.mean()),
        reward_std=float(rewards.std(dim=1).mean()),
        signal=float(find_signal(rewards).float().mean()),
        length=float(lengths.mean()),
        truncated=sum(r.truncated for r in flat) / len(flat),
        entropy=float((entropies * lengths).sum() / lengths.sum()),
        unknown=unknown,
        rollouts=len(flat) + len(besides),
        tokens=int(lengths.sum()) + sum(len(r.token_ids) for r in besides),
        rounds=rounds,
        kl=None,
    )


def find_signal(outcomes: Tensor) -> Tensor:
    """Which groups have unequal outcomes, hence a signal; shape (prompts,).

    Args:
        outcomes: correctness or rewards, before any shaping, shape (prompts, rollouts).

    Example:
        >>> find_signal(torch.tensor([[1.0, 0.0], [1.0, 1.0]]))
        tensor([ True, False])
    """
    return (outcomes != outcomes[:, :1]).any(1)
