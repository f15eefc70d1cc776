"""Parameters of the stage group `pretrain`: a small model from scratch on a generated corpus."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from passk.core.parameters import (
    DecayRate,
    DistinctNames,
    ParameterSection,
    Rate,
    Seed,
    Share,
    Size,
    Updates,
)
from passk.core.registered import NameIn
from passk.domains.worlds import WORLDS

# A weight of a mixture; only ratios count.
Weight = Annotated[float, Field(ge=0, le=1e9)]
LEAST_VOCABULARY = 257  # all bytes and the end of text
CHAT_TOKENS, IMAGE_TOKENS = 2, 4  # markup that a chat adds, and that images add


class Vision(ParameterSection):
    """The vision tower of a Qwen2.5-VL: patches of 14 x 14 pixels, 2 x 2 of them a token."""

    depth: Size = Field(default=2, description="Blocks; all attend to the whole image.")
    width: Size = Field(default=64, description="Size of a patch's state; a multiple of 4 x heads.")
    heads: Size = Field(default=2, description="Attention heads; width / heads a multiple of 4.")
    feed_forward: Size = Field(default=128, description="Inner size of the feed-forward layer.")
    max_pixels: int = Field(
        default=12544,
        ge=784,
        le=100_000_000,
        description="Larger images are shrunk to this; a token is 784 pixels.",
    )

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.width % (4 * self.heads):
            raise ValueError(
                f"vision: width {self.width} must be a multiple of 4 x heads ({self.heads}), as "
                "rotary positions have two axes"
            )
        return self


class Architecture(ParameterSection):
    """A published architecture at a tiny size."""

    family: Literal["qwen2", "llama", "qwen2_5_vl"] = Field(
        default="qwen2",
        description="Published architecture: qwen2, llama, or qwen2_5_vl, which takes images.",
    )
    layers: Size = Field(default=2, description="Transformer blocks.")
    width: Size = Field(
        default=128, description="Size of the residual stream; an even multiple of heads."
    )
    heads: Size = Field(default=4, description="Attention heads; vLLM wants width / heads >= 32.")
    key_value_heads: Size = Field(default=4, description="Heads of keys and values; divides heads.")
    feed_forward: Size = Field(default=192, description="Inner size of the feed-forward layer.")
    context: Size = Field(
        default=128, description="Longest sequence: prompt and response, in tokens."
    )
    rope_theta: float = Field(
        default=100.0, gt=0, le=1e12, description="Base of the rotary position embedding."
    )
    init_std: float = Field(
        default=0.08,
        gt=0,
        le=10,
        description="Standard deviation of the initial weights; about 1 / sqrt(width) learns fast.",
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
        if self.width // self.heads % 2:
            raise ValueError(
                f"width {self.width} / heads {self.heads} = {self.width // self.heads}: must be "
                "even, as rotary positions turn pairs"
            )
        return self


class TokenizerTraining(ParameterSection):
    """The byte-level BPE that is trained on the corpus."""

    vocabulary: int = Field(
        default=384,
        ge=LEAST_VOCABULARY,
        le=10_000_000,
        description="Tokens at most; 257 is bytes and end of text, a chat takes 259, images 263.",
    )
    documents: Size = Field(
        default=3000, description="Documents of the corpus to learn merges from."
    )
    chat: bool = Field(
        default=False,
        description="Special tokens and template of a chat (ChatML); templates with chat: true "
        "need it.",
    )


class Corpus(ParameterSection):
    """What is learned: generated questions, each with a response that may be wrong."""

    world: Annotated[str, NameIn(WORLDS)] = Field(description="A name in passk.domains.worlds.")
    template: str = Field(description="Prompt template of the questions, as in `draws:`.")
    documents: Size = Field(
        default=32_000,
        description="Number of documents, at least a batch; more than are used is idle.",
    )
    families: Annotated[dict[str, Weight], Field(min_length=1)] = Field(
        description="Weight of each problem family; only ratios count."
    )
    levels: Annotated[list[Weight], Field(min_length=1)] = Field(
        description="Weight of level 1, of level 2, and so on; only ratios count."
    )
    skew: float = Field(
        default=0.5,
        ge=0,
        le=100,
        description="Popularity of functions and operations falls as rank ** -skew; 0 is even.",
    )
    noise: Share = Field(
        default=0.0,
        description="Probability that a step applies an operation for its popularity alone.",
    )
    habit: Share = Field(
        default=0.0,
        description="Probability that a step takes a function's usual case for granted.",
    )
    withheld: DistinctNames = Field(
        default_factory=list,
        description="Operations that no document performs, though questions need them.",
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        world = WORLDS[self.world]
        if strange := sorted(set(self.families) - set(world.families)):
            raise ValueError(f"families {strange}: legal are {', '.join(world.families)}")
        if strange := sorted(set(self.withheld) - set(world.operations)):
            raise ValueError(f"withheld {strange}: legal are {', '.join(world.operations)}")
        if world.operations and not set(world.operations) - set(self.withheld):
            raise ValueError(f"withheld {self.withheld}: no operation is left; withhold fewer")
        if len(self.levels) > world.max_level:
            raise ValueError(f"levels: {world.max_level} weights at most, found {len(self.levels)}")
        return self

    @model_validator(mode="after")
    def _weighted(self) -> Self:
        world = WORLDS[self.world]
        for key, weights in (("families", list(self.families.values())), ("levels", self.levels)):
            if not any(weights):
                raise ValueError(f"{key}: all weights are 0; give one at least a positive weight")
        largest = max(level for level, weight in enumerate(self.levels, 1) if weight > 0)
        for family, weight in self.families.items():
            if weight > 0 and world.least_level(family) > largest:
                raise ValueError(
                    f"levels {self.levels}: family {family!r} begins at level "
                    f"{world.least_level(family)}; give it a weight there, or the family none"
                )
        return self


class Pretraining(ParameterSection):
    """One model: architecture, tokenizer, corpus, and how it is trained (AdamW)."""

    train_seed: Seed = Field(default=0, description="Seed of this model beside the study's seed.")
    architecture: Architecture = Field(
        default_factory=Architecture, description="Shape of the model."
    )
    tokenizer: TokenizerTraining = Field(
        default_factory=TokenizerTraining, description="The tokenizer, which is trained first."
    )
    corpus: Corpus = Field(description="What is learned.")
    steps: Updates = Field(default=1800, description="Updates.")
    batch: Size = Field(default=16, description="Documents per update; at most corpus.documents.")
    learning_rate: Rate = Field(default=1.5e-3, description="Peak learning rate.")
    warmup_steps: int = Field(
        default=50, ge=0, description="Updates over which the rate rises from 0; below steps."
    )
    final_rate: Share = Field(
        default=0.05, description="Share of the peak rate that the cosine ends at."
    )
    weight_decay: float = Field(default=0.01, ge=0, le=10, description="Decoupled weight decay.")
    adam_beta1: DecayRate = Field(default=0.9, description="AdamW's decay of the first moment.")
    adam_beta2: DecayRate = Field(default=0.95, description="AdamW's decay of the second moment.")
    adam_eps: float = Field(default=1e-8, gt=0, le=1, description="AdamW's epsilon.")
    max_grad_norm: float = Field(default=1.0, gt=0, description="Clip the gradient's norm here.")
    resume_every: Updates = Field(
        default=250,
        description="Updates between resume points: a killed run loses at most as many.",
    )

    @model_validator(mode="after")
    def _learns(self) -> Self:
        if self.batch > self.corpus.documents:
            raise ValueError(
                f"batch = {self.batch}: larger than its corpus; legal: at most corpus.documents = "
                f"{self.corpus.documents}"
            )
        if self.warmup_steps >= self.steps:
            raise ValueError(
                f"warmup_steps = {self.warmup_steps}: the rate rises until the end; legal: below "
                f"steps = {self.steps}"
            )
        return self

    @model_validator(mode="after")
    def _spells(self) -> Self:
        """The vocabulary holds what stands in every text; images stand in chats."""
        sees, chat = self.architecture.vision is not None, self.tokenizer.chat
        if sees and not chat:
            raise ValueError("tokenizer.chat = False: images stand in chats; set it to true")
        least = LEAST_VOCABULARY + chat * CHAT_TOKENS + sees * IMAGE_TOKENS
        if self.tokenizer.vocabulary < least:
            raise ValueError(
                f"tokenizer.vocabulary = {self.tokenizer.vocabulary}: cannot hold all bytes and "
                f"the markup; legal: at least {least}"
            )
        return self
