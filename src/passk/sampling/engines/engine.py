"""What an engine is. Importing this module imports no engine.

An engine is one module here with one registration, an `Engine`: what its samples depend on, how it
draws the blocks of a draw (`draws.*.engine`) and how it rolls out a policy in training
(`train.*.engine`), each if it can. To add one: write such a module, list it in
`passk.sampling.engines.registry` (or in the entry points `passk.engines` of a package of your own).

Parameters are checked without torch, so a module of an engine imports it inside its functions.

Example:
    >>> engine = Engine(version=1, exact=False)
    >>> engine.blocks is None and engine.rollouts is None
    True
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from passk.core.machine import Machine
from passk.core.parameters import ParameterSection
from passk.sampling.blocks import Block, Sample

if TYPE_CHECKING:
    import polars as pl

    from passk.sampling.rollouts import RolloutConfig, RolloutSampler
    from passk.sampling.scoring import Scoring

CountSamples = Callable[[int], object]  # told how many more samples are done


@dataclass(frozen=True)
class SamplingConfig:
    """How the samples of a draw are made.

    Attributes:
        folder: the checkpoint.
        temperature, top_p, max_new_tokens: sampling parameters.
        rows: samples run at once.
        dtype: float32 | bfloat16 | float16.
        plain: whether the prompts are plain text, before which the tokenizer puts its own special
            tokens; chat templates write theirs.
        images: PNG of each image that a block names by its digest.
        stop: strings that end a response; see `passk.sampling.stopping`. What ends one besides
            are the tokens that `passk.sampling.ends.find_ends` finds.
        context: longest sequence in tokens, or None for the model's own. What does not fit was
            refused before.
        tensor_parallel: GPUs that share one copy of the model.
        machine: how engines start on this host; no part of what a sample's bytes depend on.
        longest: tokens of the draw's longest prompt and response, or None where nobody counted.
    """

    folder: Path
    temperature: float
    top_p: float
    max_new_tokens: int
    rows: int
    dtype: str
    plain: bool
    images: Mapping[str, bytes] = field(default_factory=dict)
    stop: tuple[str, ...] = ()
    context: int | None = None
    tensor_parallel: int = 1
    machine: Machine | None = None
    longest: int | None = None


class BlockSampler(Protocol):
    """A model that is loaded, to draw blocks."""

    def draw(
        self, blocks: Sequence[Block], progress: CountSamples
    ) -> Iterator[tuple[Block, list[Sample]]]:
        """Draw all samples of all blocks; yields blocks as they are complete, in any order."""


class ResponsesError(ValueError):
    """Recorded responses do not give the samples that are asked for."""


class EngineOptions(ParameterSection):
    """The base of what an engine lets an arm set; a subclass has a field for each option."""

    def gpu_share(self) -> float:
        """Share of the GPU's memory that the engine takes for itself, 0 to 1."""
        return 0.0


# (responses, problems, n) -> samples; see `passk.sampling.engines.imported.collect_samples`
CollectSamples = Callable[["pl.DataFrame", "pl.DataFrame", "int | None"], "pl.DataFrame"]

Probe = Callable[[Machine, Mapping[str, str]], str]


@dataclass(frozen=True)
class Engine:
    """The registration of an engine.

    Attributes:
        version: raised when its samples change for equal inputs; part of every block key.
        exact: whether a block that is drawn again has the same bytes. If not, a finished block is
            never drawn again, and samples that are held are kept.
        blocks: loads a checkpoint to draw blocks from; None where it cannot.
        collect: the samples of a draw from a table of recorded responses, for an engine that
            draws none itself.
        rollouts: makes the sampler of an arm's rollouts; None where it cannot.
        rollout_options: schema of what an arm may set of it (`train.*.engine_options`), or None.
        has_own_weights: whether rollouts come from weights of its own, which are handed over at
            each step, on a device that the engine shares with the trainer. If not, from the
            policy's module, or from a copy in another precision.
        probe: starts it on this host, without a model, and says what it is in a line; is told the
            machine file, and of each model that draws ask of it the `source` of its `fetch` entry
            (empty where the study makes it). Raises ValueError with the remedy.
        served: whether its models are on servers (`fetch.*.source: served:NAME`): it reads no
            checkpoint, and is handed a chat template's messages as JSON.
        rollout_packages: what the trainer's environment must have for its rollouts.
        cached_rows: how many rollouts, of so many in a step and so many passes over them, have
            keys and values in memory at once.
        objects: why it cannot compute a model rightly, with the remedy, or None: of the model's
            config.json and the longest sequence asked for (None: the model's own).
        splits_models: whether it can spread one copy of a model over several GPUs.
        scores: how it scores given responses under a model; None where it cannot.
    """

    version: int
    exact: bool
    blocks: Callable[[SamplingConfig], BlockSampler] | None = None
    collect: CollectSamples | None = None
    rollouts: "Callable[[RolloutConfig], RolloutSampler] | None" = None
    rollout_options: type[EngineOptions] | None = None
    has_own_weights: bool = False
    probe: Probe | None = None
    served: bool = False
    rollout_packages: tuple[str, ...] = ()
    cached_rows: Callable[[float, int], float] = lambda rows, passes: 0.0
    objects: Callable[[Mapping[str, Any], int | None], str | None] = lambda config, context: None
    splits_models: bool = False
    scores: "Scoring | None" = None

    @property
    def draws_samples(self) -> bool:
        """Whether a draw can name it."""
        return self.blocks is not None or self.collect is not None

    @property
    def draws_rollouts(self) -> bool:
        """Whether an arm can name it."""
        return self.rollouts is not None
