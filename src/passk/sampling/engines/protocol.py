"""What an engine is, and which there are. Importing this module imports no engine.

An engine is told the blocks to draw and yields each as soon as it is complete. `step_loop`
gives the same bytes whenever a block is drawn again; `vllm` does not, so that a finished block of
its is never drawn again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from passk.sampling.blocks import Block, Sample

# Raised when an engine's output changes for equal inputs; part of every block key.
# `step_loop`: tests/test_golden_samples.py fails when it must be raised.
VERSIONS = {"step_loop": 2, "vllm": 1}

# Whether a block that is drawn again has the same bytes.
EXACT = {"step_loop": True, "vllm": False}

Progress = Callable[[int], object]  # told how many more samples are done


@dataclass(frozen=True)
class Order:
    """How the samples of a draw are made.

    Attributes:
        folder: the checkpoint.
        temperature, top_p, max_new_tokens: sampling parameters.
        rows: samples run at once.
        dtype: float32 | bfloat16 | float16.
        plain: whether the prompts are plain text, before which the tokenizer puts its own special
            tokens; chat templates write theirs.
        pictures: PNG of each picture that a block names by its digest.
    """

    folder: Path
    temperature: float
    top_p: float
    max_new_tokens: int
    rows: int
    dtype: str
    plain: bool
    pictures: Mapping[str, bytes] = field(default_factory=dict)


class Engine(Protocol):
    """A model that is loaded."""

    def draw(
        self, blocks: Sequence[Block], progress: Progress
    ) -> Iterator[tuple[Block, list[Sample]]]:
        """Draw all samples of all blocks; yields blocks as they are complete, in any order."""


def start(name: str, order: Order) -> Engine:
    """Load a model into an engine; imports torch, or vLLM."""
    if name == "step_loop":
        from passk.sampling.engines.stepwise import Stepwise

        return Stepwise(order)
    if name == "vllm":
        from passk.sampling.engines.served import Served

        return Served(order)
    raise ValueError(f"engine {name!r}: legal are {', '.join(VERSIONS)}")
