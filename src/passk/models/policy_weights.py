"""Weights of a policy as a plain checkpoint has them: adapters merged, in one precision.

Adapters are never merged into the policy itself and taken out again: that changes the frozen
weights by rounding, and so a resumed run's bytes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from torch import Tensor
from transformers import PreTrainedModel

from passk.models import loading

_PREFIX = "base_model.model."  # of peft, before the names of a model's own weights


def unwrap(model: PreTrainedModel | PeftModel) -> PreTrainedModel:
    """The transformers model of a policy; where there are adapters, it computes with them."""
    return model.get_base_model() if isinstance(model, PeftModel) else model  # type: ignore[return-value]


@torch.no_grad()
def merge_weights(model: PreTrainedModel | PeftModel) -> Iterator[tuple[str, Tensor]]:
    """Names and values of all weights as the start model's checkpoint names them.

    Tied weights come once. Where there are adapters, their product is added in float32.
    """
    for name, value in model.named_parameters():
        if ".lora_" in name:
            continue
        module_name, _, kind = name.rpartition(".")
        layer = model.get_submodule(module_name.removesuffix(".base_layer"))
        plain = name.removeprefix(_PREFIX).replace(".base_layer", "")
        if kind == "weight" and isinstance(layer, LoraLayer):
            (adapter,) = layer.active_adapters  # type: ignore[attr-defined]
            yield plain, value.float() + layer.get_delta_weight(adapter).float()  # type: ignore[operator]
        else:
            yield plain, value.detach()


def copy_policy(
    model: PreTrainedModel | PeftModel, start: Path, dtype: torch.dtype, device: torch.device | str
) -> PreTrainedModel:
    """A plain model with a policy's weights, adapters merged; begins as the start model."""
    copy: Any = loading.load(start, dtype)
    copy.to(device).requires_grad_(False).eval()
    refresh(copy, model)
    return copy  # type: ignore[no-any-return]


@torch.no_grad()
def refresh(copy: PreTrainedModel, model: PreTrainedModel | PeftModel) -> None:
    """Write a policy's weights, adapters merged, into a copy of it."""
    parameters = dict(copy.named_parameters())
    for name, value in merge_weights(model):
        parameters[name].copy_(value)
