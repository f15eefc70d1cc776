"""Parameters of the stage group `sft`: fine-tuning on demonstrations, nothing defaulted.

Defaults of the library differ from what is wanted here (TRL 1.16: `bf16=True`, gradient
checkpointing on, sequences cut at 1,024 tokens), so an arm spells out what moves a number.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from passk.training.lora import Lora

Share = Annotated[float, Field(ge=0, le=1)]


class FineTuning(BaseModel):
    """One arm: from a start model, on demonstrations."""

    model_config = ConfigDict(extra="forbid")

    start: str = Field(
        description="Model to start from: of `pretrain`, `fetch` or `sft`, or ARM/step-N."
    )
    demonstrations: str = Field(
        description="What is learned: a name under `rejection_sampling:` or `reference_answers:`."
    )
    template: str = Field(description="Prompt template, as in `draws:`.")
    train_seed: int = Field(ge=0, description="Seed of this arm beside the study's seed.")

    steps: PositiveInt = Field(description="Updates.")
    batch: PositiveInt = Field(
        description="Demonstrations per update; at most as many as there are."
    )
    learning_rate: PositiveFloat = Field(description="Peak learning rate of AdamW.")
    schedule: Literal["constant", "constant_with_warmup", "linear", "cosine"] = Field(
        description="Learning-rate schedule over all updates; linear and cosine end at 0."
    )
    warmup_steps: int = Field(ge=0, description="Updates over which the rate rises from 0.")
    weight_decay: float = Field(ge=0, description="Decoupled weight decay.")
    adam_beta1: Share = Field(description="AdamW's decay of the first moment.")
    adam_beta2: Share = Field(description="AdamW's decay of the second moment.")
    adam_eps: PositiveFloat = Field(description="AdamW's epsilon.")
    max_grad_norm: float = Field(ge=0, description="Clip the gradient's norm here; 0 is never.")

    lora: Lora | None = Field(description="Train adapters only; null trains all weights.")
    gradient_accumulation: PositiveInt = Field(
        description="Forward-backward passes per update, a divisor of batch; raise it when memory "
        "runs out."
    )
    gradient_checkpointing: bool = Field(description="Recompute activations: less memory, slower.")
    precision: Literal["float32", "bfloat16"] = Field(description="Precision of training.")
    resume_every: PositiveInt = Field(
        description="Updates between resume points: a killed run loses at most as many."
    )

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.batch % self.gradient_accumulation:
            raise ValueError(
                f"batch = {self.batch}: not divisible by gradient_accumulation = "
                f"{self.gradient_accumulation}"
            )
        return self
