"""What would fit into memory where an arm does not: other numbers, or another way to train."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from passk.training.memory_estimate import ModelShape
from passk.training.settings import Lora, Training

# Whether an arm of a shape fits, with settings of its own.
Fits = Callable[[ModelShape, Training], bool]
_RANK = 16
_LORA = Lora(rank=_RANK, alpha=32, dropout=0.0, targets=["all-linear"])
_FRUGAL: Mapping[str, Any] = {
    "precision": "bfloat16", "gradient_checkpointing": True, "share_prompts": False,
}  # fmt: skip


def find_remedy(shape: ModelShape, settings: Training, fits: Fits) -> str:
    """What fits: other numbers, else another way to train, else where to train."""
    if remedies := list(_list_numbers(shape, settings, fits)):
        return f"What fits: {', or '.join(remedies)}"
    if (frugal := _try(shape, settings, _FRUGAL, fits)) is not None:
        return (
            "No number of rollouts fits beside this model. What fits: precision: bfloat16, "
            f"gradient_checkpointing: true and share_prompts: false, with {frugal}"
        )
    adapted = replace(shape, trained=min(_count_adapters(shape), shape.parameters))
    if (frugal := _try(adapted, settings, {**_FRUGAL, "lora": _LORA}, fits)) is not None:
        return (
            f"No number of rollouts fits beside this model. What fits: adapters (lora, rank "
            f"{_RANK}), in bfloat16, with gradient_checkpointing and {frugal}"
        )
    return (
        "No number of rollouts fits beside this model, nor do adapters (lora) in bfloat16 with "
        "gradient_checkpointing: each process holds the whole model. Take a smaller model, or "
        "train it by a tool that splits weights and optimizer over GPUs (FSDP2 or ZeRO-3, as verl "
        "does) and `fetch` the checkpoint"
    )


def _list_numbers(shape: ModelShape, settings: Training, fits: Fits) -> Iterator[str]:
    """Single numbers of the arm that make it fit."""
    if n := next((n for n in _accumulations(settings) if _fits(shape, settings, fits,
                  gradient_accumulation=n)), None):  # fmt: skip
        yield f"gradient_accumulation: {n}"
    counts = range(settings.rollouts - 1, 1, -1)
    if n := next((n for n in counts if _fits(shape, settings, fits, rollouts=n)), None):
        yield f"rollouts: at most {n}"
    if settings.algorithm.critic() is not None:
        for count in (2**power for power in range(1, 21)):
            algorithm = settings.algorithm.model_copy(update={"critic_minibatches": count})
            if _fits(shape, settings, fits, algorithm=algorithm):
                yield f"algorithm.critic_minibatches: {count}"
                break


def _accumulations(settings: Training) -> list[int]:
    rows = settings.prompts * settings.rollouts
    unit = settings.minibatches * settings.processes
    return [n for n in range(1, rows + 1) if not rows % (n * unit)]


def _fits(shape: ModelShape, settings: Training, fits: Fits, **changes: Any) -> bool:  # noqa: ANN401
    return fits(shape, settings.model_copy(update=changes))


def _try(
    shape: ModelShape, settings: Training, changes: Mapping[str, Any], fits: Fits
) -> str | None:
    """The least gradient_accumulation that fits with these changes; None where none does."""
    for n in _accumulations(settings):
        if _fits(shape, settings, fits, **{**changes, "gradient_accumulation": n}):
            return f"gradient_accumulation: {n}"
    return None


def _count_adapters(shape: ModelShape) -> int:
    """Weights of adapters on all linear layers: four of attention, three of the feed-forward."""
    per_layer = 8 * shape.width + 3 * (shape.width + shape.feed_forward)
    return _RANK * shape.layers * per_layer
