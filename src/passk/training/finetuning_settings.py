"""Parameters of the stage group `sft`: fine-tuning on demonstrations.

Defaults are this package's, never the library's (TRL 1.16: `bf16=True`, gradient checkpointing on,
sequences cut at 1,024 tokens): an arm is told all of them.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from passk.core.parameters import DecayRate, ParameterSection, Rate, Seed, Size, Updates
from passk.training.lora import Lora


class FineTuning(ParameterSection):
    """One arm: from a start model, on demonstrations."""

    start: str = Field(
        description="Model to start from: of `pretrain`, `fetch` or `sft`, or ARM/step-N."
    )
    demonstrations: str = Field(
        description="What is learned: a name under `rejection_sampling:` or `reference_answers:`."
    )
    template: str = Field(description="Prompt template, as in `draws:`.")
    train_seed: Seed = Field(default=0, description="Seed of this arm beside the study's seed.")

    steps: Updates = Field(default=600, description="Updates.")
    batch: Size = Field(
        default=16, description="Demonstrations per update; at most as many as there are."
    )
    learning_rate: Rate = Field(default=7e-4, description="Peak learning rate of AdamW.")
    schedule: Literal["constant", "constant_with_warmup", "linear", "cosine"] = Field(
        default="cosine",
        description="Learning-rate schedule over all updates; linear and cosine end at 0.",
    )
    warmup_steps: int = Field(
        default=20, ge=0, description="Updates over which the rate rises from 0; below steps."
    )
    weight_decay: float = Field(default=0.0, ge=0, le=10, description="Decoupled weight decay.")
    adam_beta1: DecayRate = Field(default=0.9, description="AdamW's decay of the first moment.")
    adam_beta2: DecayRate = Field(default=0.95, description="AdamW's decay of the second moment.")
    adam_eps: float = Field(default=1e-8, gt=0, le=1, description="AdamW's epsilon.")
    max_grad_norm: float = Field(
        default=1.0, ge=0, description="Clip the gradient's norm here; 0 is never."
    )

    lora: Lora | None = Field(
        default=None, description="Train adapters only; null trains all weights."
    )
    gradient_accumulation: Size = Field(
        default=1,
        description="Forward-backward passes per update, a divisor of batch; raise it when memory "
        "runs out.",
    )
    gradient_checkpointing: bool = Field(
        default=False, description="Recompute activations: less memory, slower."
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32", description="Precision of training."
    )
    resume_every: Updates = Field(
        default=200,
        description="Updates between resume points: a killed run loses at most as many.",
    )

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.batch % self.gradient_accumulation:
            raise ValueError(
                f"batch = {self.batch}: not divisible by gradient_accumulation = "
                f"{self.gradient_accumulation}"
            )
        return self

    @model_validator(mode="after")
    def _warms_up(self) -> Self:
        if self.warmup_steps >= self.steps:
            raise ValueError(
                f"warmup_steps = {self.warmup_steps}: the rate rises until the end; legal: below "
                f"steps = {self.steps}"
            )
        return self
