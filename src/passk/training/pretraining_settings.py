"""Parameters of the stage group `pretrain`: a small model from scratch on a generated corpus."""

from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from passk.domains.worlds import WORLDS

Probability = Annotated[float, Field(ge=0, le=1)]


class Vision(BaseModel):
    """The vision tower of a Qwen2.5-VL: patches of 14 x 14 pixels, 2 x 2 of them a token."""

    model_config = ConfigDict(extra="forbid")

    depth: PositiveInt = Field(description="Blocks; all attend to the whole picture.")
    width: PositiveInt = Field(description="Size of a patch's state; a multiple of heads.")
    heads: PositiveInt = Field(description="Attention heads; width / heads a multiple of 4.")
    feed_forward: PositiveInt = Field(description="Inner size of the feed-forward layer.")
    max_pixels: int = Field(
        ge=784, description="Larger pictures are shrunk to this; a token is 784 pixels."
    )

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.width % (4 * self.heads):
            raise ValueError(
                f"vision: width {self.width} must be a multiple of 4 x heads ({self.heads}), as "
                "rotary positions have two axes"
            )
        return self


class Architecture(BaseModel):
    """A published architecture at a tiny size."""

    model_config = ConfigDict(extra="forbid")

    family: Literal["qwen2", "llama", "qwen2_5_vl"] = Field(
        description="Architecture: qwen2, llama, or qwen2_5_vl, which takes pictures."
    )
    layers: PositiveInt = Field(description="Transformer blocks.")
    width: PositiveInt = Field(description="Size of the residual stream; a multiple of heads.")
    heads: PositiveInt = Field(description="Attention heads; vLLM wants width / heads >= 32.")
    key_value_heads: PositiveInt = Field(description="Heads of keys and values; divides heads.")
    feed_forward: PositiveInt = Field(description="Inner size of the feed-forward layer.")
    context: PositiveInt = Field(description="Longest sequence: prompt and response, in tokens.")
    rope_theta: PositiveFloat = Field(description="Base of the rotary position embedding.")
    init_std: PositiveFloat = Field(
        description="Standard deviation of the initial weights; about 1 / sqrt(width) learns fast."
    )
    vision: Vision | None = Field(
        default=None, description="Vision tower of qwen2_5_vl; null for the others."
    )

    @model_validator(mode="after")
    def _sighted(self) -> Self:
        if (self.family == "qwen2_5_vl") != (self.vision is not None):
            raise ValueError(
                f"family {self.family!r}: "
                + ("needs" if self.vision is None else "takes no")
                + " `vision` (only qwen2_5_vl has one)"
            )
        return self

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.width % self.heads or self.heads % self.key_value_heads:
            raise ValueError(
                f"width {self.width} must be a multiple of heads {self.heads}, and heads of "
                f"key_value_heads {self.key_value_heads}"
            )
        return self


class TokenizerTraining(BaseModel):
    """The byte-level BPE that is trained on the corpus."""

    model_config = ConfigDict(extra="forbid")

    vocabulary: int = Field(
        ge=257, description="Tokens at most; 257 is bytes and end of text, a chat takes 259."
    )
    documents: PositiveInt = Field(description="Documents of the corpus to learn merges from.")
    chat: bool = Field(
        default=False,
        description="Special tokens and template of a chat (ChatML); templates with chat: true "
        "need it.",
    )


class Corpus(BaseModel):
    """What is learned: generated questions, each with a response that may be wrong."""

    model_config = ConfigDict(extra="forbid")

    world: str = Field(description="A name in passk.domains.worlds.")
    template: str = Field(description="Prompt template of the questions, as in `draws:`.")
    documents: PositiveInt = Field(description="Number of documents; more than are used is idle.")
    families: dict[str, NonNegativeFloat] = Field(description="Weight of each problem family.")
    levels: Annotated[list[NonNegativeFloat], Field(min_length=1)] = Field(
        description="Weight of level 1, of level 2, and so on."
    )
    skew: NonNegativeFloat = Field(
        description="Popularity of functions and operations falls as rank ** -skew; 0 is even."
    )
    noise: Probability = Field(
        description="Probability that a step applies an operation for its popularity alone."
    )
    habit: Probability = Field(
        description="Probability that a step takes a function's usual case for granted."
    )
    withheld: list[str] = Field(
        description="Operations that no document performs, though questions need them."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        found = WORLDS[self.world]
        if strange := sorted(set(self.families) - set(found.families)):
            raise ValueError(f"families {strange}: legal are {', '.join(found.families)}")
        if strange := sorted(set(self.withheld) - set(found.operations)):
            raise ValueError(f"withheld {strange}: legal are {', '.join(found.operations)}")
        able = [level for level, weight in enumerate(self.levels, 1) if weight > 0]
        for family, weight in self.families.items():
            if weight > 0 and found.least_level(family) > max(able, default=0):
                raise ValueError(
                    f"levels {self.levels}: family {family!r} begins at level "
                    f"{found.least_level(family)}; give it a weight there, or the family none"
                )
        if len(self.levels) > found.max_level:
            raise ValueError(f"levels: {found.max_level} weights at most, found {len(self.levels)}")
        return self


class Pretraining(BaseModel):
    """One model: architecture, tokenizer, corpus, and how it is trained (AdamW)."""

    model_config = ConfigDict(extra="forbid")

    train_seed: int = Field(ge=0, description="Seed of this model beside the study's seed.")
    architecture: Architecture
    tokenizer: TokenizerTraining
    corpus: Corpus
    steps: PositiveInt = Field(description="Updates.")
    batch: PositiveInt = Field(description="Documents per update.")
    learning_rate: PositiveFloat = Field(description="Peak learning rate.")
    warmup_steps: NonNegativeInt = Field(description="Updates over which the rate rises from 0.")
    final_rate: Probability = Field(description="Share of the peak rate that the cosine ends at.")
    weight_decay: NonNegativeFloat = Field(description="Decoupled weight decay.")
    adam_beta1: Probability = Field(description="AdamW's decay of the first moment.")
    adam_beta2: Probability = Field(description="AdamW's decay of the second moment.")
    adam_eps: PositiveFloat = Field(description="AdamW's epsilon.")
    max_grad_norm: PositiveFloat = Field(description="Clip the gradient's norm here.")
    resume_every: PositiveInt = Field(
        description="Updates between resume points: a killed run loses at most as many."
    )
