"""Parameters of a reinforcement-learning arm.

Defaults are this package's, never the library's, which differ between versions and from the papers
(TRL 1.16: `loss_type="dapo"`, `bf16=True`, importance-sampling correction on): an arm is told all
of them.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializeAsAny, ValidationInfo, field_validator, model_validator

from passk.core.parameters import (
    DecayRate,
    ParameterSection,
    Rate,
    Seed,
    Size,
    Updates,
    refuse_repeats,
)
from passk.core.registered import AnyOf, NameIn
from passk.sampling.engines.engine import EngineOptions
from passk.sampling.engines.options import describe_options, read_options
from passk.sampling.engines.registry import ENGINES
from passk.training.algorithms.algorithm import Algorithm
from passk.training.algorithms.registry import ALGORITHMS
from passk.training.curricula.registry import CURRICULA
from passk.training.lora import Lora
from passk.training.rewards.registry import REWARDS


def _last_step(values: dict[str, Any]) -> list[int]:
    """The default of `checkpoints`, from the keys above it."""
    return [values["steps"]]


class Training(ParameterSection):
    """One arm: from a start model, on a problem set, by one algorithm."""

    algorithm: Annotated[Algorithm, AnyOf(ALGORITHMS)] = Field(
        description="The objective, a name in passk.training.algorithms.registry, with its options."
    )
    reward: Annotated[str, NameIn(REWARDS)] = Field(
        default="correctness",
        description="Reward of a response, a name in passk.training.rewards.registry.",
    )
    curriculum: Annotated[str, NameIn(CURRICULA)] = Field(
        default="uniform",
        description="Which problems a step asks, a name in passk.training.curricula.registry.",
    )
    start: str = Field(
        description="Model to start from: of `pretrain`, `fetch` or `sft`, or ARM/step-N."
    )
    set: str = Field(description="Problem set to train on.")
    template: str = Field(description="Prompt template, as in `draws:`.")
    train_seed: Seed = Field(default=0, description="Seed of this arm beside the study's seed.")

    steps: Updates = Field(
        default=90, description="Rollout batches; a step may hold several updates."
    )
    prompts: Size = Field(default=32, description="Problems per step.")
    rollouts: int = Field(
        default=8, ge=2, le=100_000, description="Responses per problem (the group size)."
    )
    temperature: float = Field(
        default=1.0, gt=0, le=100, description="Sampling temperature of rollouts."
    )
    top_p: float = Field(
        default=1.0, gt=0, le=1, description="Nucleus of rollouts; 1 is no truncation."
    )
    max_new_tokens: Size = Field(
        description="Longest response, end-of-text included; below the model's context."
    )

    learning_rate: Rate = Field(default=3e-4, description="Peak learning rate of AdamW.")
    schedule: Literal["constant", "constant_with_warmup", "linear", "cosine"] = Field(
        default="constant_with_warmup", description="Learning-rate schedule over all updates."
    )
    warmup_updates: int = Field(
        default=5,
        ge=0,
        description="Updates over which the rate rises from 0; below the number of all updates.",
    )
    weight_decay: float = Field(default=0.0, ge=0, le=10, description="Decoupled weight decay.")
    adam_beta1: DecayRate = Field(default=0.9, description="AdamW's decay of the first moment.")
    adam_beta2: DecayRate = Field(default=0.99, description="AdamW's decay of the second moment.")
    adam_eps: float = Field(default=1e-8, gt=0, le=1, description="AdamW's epsilon.")
    max_grad_norm: float = Field(
        default=1.0, ge=0, description="Clip the gradient's norm here; 0 is never."
    )

    loss_type: Literal["grpo", "dapo", "bnpo", "dr_grpo"] = Field(
        default="grpo",
        description="Mean per response (grpo), per token of the step (dapo), per token of the "
        "step's mean update (bnpo, the same here), or over the longest length (dr_grpo).",
    )
    epsilon: float = Field(
        default=0.2, gt=0, le=1, description="Lower clip of the ratio: 1 - epsilon."
    )
    epsilon_high: float = Field(
        default=0.2, gt=0, le=1000, description="Upper clip of the ratio: 1 + epsilon_high."
    )
    importance_sampling: Literal["token", "sequence"] = Field(
        default="token", description="Ratio per token (GRPO, PPO) or per sequence (GSPO)."
    )
    num_iterations: Size = Field(default=1, description="Passes over each rollout batch (mu).")
    minibatches: Size = Field(default=2, description="Updates per pass; 1 is strictly on-policy.")
    beta: float = Field(
        default=0.0,
        ge=0,
        le=1000,
        description="Weight of the KL penalty to the start model; 0 is none.",
    )
    entropy_coef: float = Field(
        default=0.0, ge=-100, le=100, description="Weight of the entropy bonus; 0 is none."
    )
    mask_truncated: bool = Field(
        default=False, description="Leave responses cut at the longest length out."
    )

    isolation: Literal["bubblewrap", "subprocess"] = Field(
        default="bubblewrap",
        description="Where programs run that are judged for the reward; as `verification.code`.",
    )
    engine: Annotated[str, NameIn(ENGINES, lambda engine: engine.draws_rollouts)] = Field(
        default="step_loop",
        description="Who draws rollouts: step_loop, generate (any architecture), or vllm on a GPU; "
        "a name in passk.sampling.engines.registry.",
    )
    engine_options: SerializeAsAny[EngineOptions] | None = Field(
        default=None,
        validate_default=True,
        description="The engine's own options, of its schema; null: its defaults, or none.",
        json_schema_extra=describe_options,
    )
    lora: Lora | None = Field(
        default=None, description="Train adapters only; null trains all weights."
    )
    processes: Size = Field(
        default=1,
        description="Processes, one per GPU, each with its share of the prompts (accelerate).",
    )
    gradient_accumulation: Size = Field(
        default=1,
        description="Forward-backward passes per update; raise it when memory runs out.",
    )
    gradient_checkpointing: bool = Field(
        default=False, description="Recompute activations: less memory, slower. Not of a critic."
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32", description="Precision of training."
    )
    share_prompts: bool = Field(
        default=True,
        description="Encode each prompt once for all its rollouts; same loss to float rounding. "
        "Set false for architectures other than full-attention decoders.",
    )
    forward_rows: Size = Field(
        default=64,
        description="Responses per forward chunk, sorted by length, when prompts are shared.",
    )
    skip_zero_advantage: bool = Field(
        default=True,
        description="Leave rows whose advantage is 0 out of the forward pass: their gradient is 0. "
        "No effect with a KL penalty or an entropy bonus.",
    )

    kl_every: int = Field(
        default=10, ge=0, description="Measure KL to the start model every N steps; 0 never."
    )
    checkpoints: Annotated[list[Updates], Field(min_length=1)] = Field(
        default_factory=_last_step,
        description="Steps to keep as models ARM/step-N, each at most steps; the last step where "
        "left out.",
    )
    resume_every: Updates = Field(
        default=30, description="Steps between resume points of a killed run."
    )
    warn_without_signal: Size = Field(
        default=10,
        description="Warn when no group of this many steps in a row had unequal rewards.",
    )

    @field_validator("engine_options", mode="before")
    @classmethod
    def _read_engine_options(cls, values: object, info: ValidationInfo) -> object:
        """By the schema of the engine; one that is unknown is refused already."""
        return read_options(info.data["engine"], values) if "engine" in info.data else None

    @model_validator(mode="after")
    def _agrees(self) -> "Training":
        if late := [step for step in self.checkpoints if step > self.steps]:
            raise ValueError(
                f"checkpoints = {self.checkpoints}: {late} lie beyond steps = {self.steps}"
            )
        try:
            refuse_repeats(self.checkpoints)
        except ValueError as error:
            raise ValueError(f"checkpoints = {self.checkpoints}: {error}") from error
        self.algorithm.check(self.rollouts, self.max_new_tokens)
        rows = self.prompts * self.rollouts
        parts = self.minibatches * self.gradient_accumulation
        if rows % parts:
            raise ValueError(
                f"prompts x rollouts = {rows}: not divisible by minibatches x "
                f"gradient_accumulation = {parts}"
            )
        if self.share_prompts and self.gradient_checkpointing:
            raise ValueError(
                "share_prompts needs the key-value cache, which gradient_checkpointing switches "
                "off; set one of them to false"
            )
        return self

    @model_validator(mode="after")
    def _learns(self) -> "Training":
        """Warm-up ends before training does."""
        if self.schedule == "constant" and self.warmup_updates:
            raise ValueError(
                f"warmup_updates = {self.warmup_updates}: schedule constant has none; set it to 0, "
                "or take schedule constant_with_warmup"
            )
        updates = self.steps * self.num_iterations * self.minibatches
        if self.warmup_updates >= updates:
            raise ValueError(
                f"warmup_updates = {self.warmup_updates}: the rate rises until the end; legal: "
                f"below steps x num_iterations x minibatches = {updates}"
            )
        return self

    @model_validator(mode="after")
    def _runs(self) -> "Training":
        """What several processes can do."""
        if self.processes == 1:
            return self
        if ENGINES[self.engine].has_own_weights:
            raise ValueError(
                f"engine {self.engine!r} rolls out in one process, and processes = "
                f"{self.processes} would put every copy on the first GPU; set processes to 1, or "
                "engine to step_loop or generate"
            )
        if self.share_prompts:
            raise ValueError(
                f"share_prompts works in one process, and processes = {self.processes}; set "
                "share_prompts to false"
            )
        parts = self.minibatches * self.gradient_accumulation * self.processes
        if self.prompts % self.processes or self.prompts * self.rollouts % parts:
            raise ValueError(
                f"prompts = {self.prompts}, prompts x rollouts = {self.prompts * self.rollouts}: "
                f"not divisible by processes = {self.processes}, by minibatches x "
                f"gradient_accumulation x processes = {parts}"
            )
        return self
