"""Rollouts of an arm: what is asked, and which engine draws them (`train.*.engine`)."""

from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from passk.models.policy_weights import copy_policy, refresh
from passk.sampling.engines.registry import ENGINES
from passk.sampling.rollouts import Rollout, RolloutConfig, RolloutRequest, RolloutSampler
from passk.training.settings import Training


def make_sampler(
    settings: Training,
    tokenizer: Any,  # noqa: ANN401
    identity: tuple[int | str, ...],
    start: Path,
    length: int,
) -> RolloutSampler:
    """The sampler of the engine that an arm names.

    Args:
        settings: the arm's parameters.
        tokenizer: of the start model.
        identity: what random numbers derive from.
        start: folder of the start model.
        length: tokens of the longest prompt and response.
    """
    engine = ENGINES[settings.engine]
    assert engine.rollouts is not None, "checked by the schema"
    sampler = engine.rollouts(
        RolloutConfig(
            tokenizer=tokenizer,
            identity=identity,
            prompts=settings.prompts,
            rollouts=settings.rollouts,
            passes=settings.gradient_accumulation,
            temperature=settings.temperature,
            top_p=settings.top_p,
            max_new_tokens=settings.max_new_tokens,
            dtype=settings.precision,
            start=start,
            length=length,
            options=settings.engine_options,
        )
    )
    as_is = settings.lora is None and settings.precision == "float32"
    if engine.has_own_weights or as_is:
        return sampler
    return CopySampler(sampler, start, getattr(torch, settings.precision))


class CopySampler:
    """Rollouts by a copy of the policy in another precision, without adapters.

    Args:
        sampler: draws by the copy.
        start: folder of the start model.
        dtype: of the copy.
    """

    def __init__(self, sampler: RolloutSampler, start: Path, dtype: torch.dtype) -> None:
        self.sampler, self.start, self.dtype = sampler, start, dtype
        self.copy: PreTrainedModel | None = None

    def __call__(self, model: PreTrainedModel, request: RolloutRequest) -> list[list[Rollout]]:
        """Rollouts of a policy whose weights are those of `model` now."""
        if self.copy is None:
            self.copy = copy_policy(model, self.start, self.dtype, model.device)
        else:
            refresh(self.copy, model)
        return self.sampler(self.copy, request)
