"""Parameters of `sample@DRAW`: how all draws are made, and one draw."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from passk.core.parameters import (
    MOST_SAMPLES,
    DistinctNames,
    NotEmpty,
    ParameterSection,
    Seed,
    Size,
    refuse_repeats,
)
from passk.core.registered import NameIn
from passk.sampling.engines.registry import ENGINES

Precision = Literal["float32", "bfloat16", "float16"]


class Sampling(ParameterSection):
    """The section `sampling`; every key is part of what a sample's bytes depend on."""

    block: int = Field(
        default=32,
        ge=1,
        le=MOST_SAMPLES,
        description="Samples per block of the block store: what a killed run loses at most, per "
        "problem in flight. A draw at temperature 0 has blocks of 1.",
    )
    rows: Size = Field(
        default=128,
        description="Samples run at once by the engine. More is not faster once the "
        "key-value cache leaves the processor's cache.",
    )
    dtype: Precision = Field(default="float32", description="Precision of weights and computation.")


class Draw(ParameterSection):
    """One entry of `draws`: a model on sets, n samples of each problem."""

    model: str = Field(
        description="Model: of `pretrain`, `fetch`, `sft` or `imported`, or ARM/step-N."
    )
    sets: Annotated[DistinctNames, Field(min_length=1)] = Field(
        description="Problem sets to draw on."
    )
    n: int | None = Field(
        default=None,
        ge=1,
        le=MOST_SAMPLES,
        description="Samples per problem; raising it draws the new ones alone. null: all that "
        "there are (imported samples only).",
    )
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Divides the logits; 0 is greedy decoding, with n: 1. Only imported samples "
        "may leave out this, max_new_tokens and template.",
    )
    top_p: float = Field(default=1.0, gt=0, le=1, description="Nucleus; 1 is no truncation.")
    max_new_tokens: Size | None = Field(
        default=None,
        description="Longest response in tokens, end-of-text included; below the model's context.",
    )
    template: str | None = Field(
        default=None,
        description="Prompt template: a file of src/passk/data/templates by its name, or the "
        "path of one of your own.",
    )
    template_options: dict[str, bool | int | float | str] = Field(
        default={},
        description="Options of the model's chat template, by name: `{enable_thinking: false}`.",
    )
    stop: Annotated[list[NotEmpty], AfterValidator(refuse_repeats)] = Field(
        default=[],
        description="Strings that end a response, besides the tokens that do. The text is cut "
        "before the first of them; its tokens are kept.",
    )
    context: int | None = Field(
        default=None,
        ge=2,
        description="Longest sequence in tokens, prompt and response; null: the model's own.",
    )
    dtype: Precision | None = Field(
        default=None,
        description="Precision of weights and computation; null: `sampling.dtype`.",
    )
    tensor_parallel: int = Field(
        default=1,
        ge=1,
        le=64,
        description="GPUs that share one copy of the model, for engines that can.",
    )
    engine: Annotated[str, NameIn(ENGINES, lambda engine: engine.draws_samples)] = Field(
        default="step_loop",
        description="Who draws: step_loop, generate, vllm or imported; a name in "
        "passk.sampling.engines.registry.",
    )
    replicate: Seed = Field(
        default=0, description="Another value draws other samples of the same kind."
    )
    keep_token_logprobs: bool = Field(
        default=False, description="Whether the samples table keeps log-probabilities per token."
    )

    @model_validator(mode="after")
    def _agrees(self) -> "Draw":
        if ENGINES[self.engine].blocks is None:
            return self
        needed = ("n", "temperature", "max_new_tokens", "template")
        if missing := [name for name in needed if getattr(self, name) is None]:
            raise ValueError(f"engine {self.engine!r} needs {', '.join(missing)}")
        if self.tensor_parallel > 1 and not ENGINES[self.engine].splits_models:
            raise ValueError(
                f"tensor_parallel = {self.tensor_parallel}: engine {self.engine!r} has one copy "
                "of the model on one GPU; set it to 1, or use an engine that can (vllm)"
            )
        if self.temperature == 0 and self.n != 1:
            raise ValueError(
                f"temperature 0 always gives the same sample: n must be 1, not {self.n}"
            )
        return self
