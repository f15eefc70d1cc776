"""Rollouts: what a policy answered in training, and who draws them.

An engine rolls out through a `RolloutSampler`, so that the step loop, vLLM on GPUs or a test's toy
can stand behind the same trainer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from passk.core.digests import seed

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from passk.models.image_inputs import ImageInputs
    from passk.sampling.engines.engine import EngineOptions


class RolloutPrompt(Protocol):
    """What a sampler reads of a task."""

    @property
    def problem_id(self) -> str:
        """Names the random streams of its rollouts."""

    @property
    def prompt_ids(self) -> tuple[int, ...]:
        """The rendered prompt, placeholders of its image expanded."""

    @property
    def image(self) -> "ImageInputs | None":
        """The image that the prompt holds, or None."""


@dataclass(frozen=True)
class Rollout:
    """One response.

    Attributes:
        token_ids: with the end-of-text token, where one was drawn.
        text: the response as the reward reads it.
        truncated: whether it was cut at the longest length.
        entropy: mean over tokens, nats, at the rollout temperature.
    """

    token_ids: Sequence[int]
    text: str
    truncated: bool
    entropy: float


@dataclass(frozen=True)
class RolloutConfig:
    """How an arm's rollouts are drawn.

    Attributes:
        tokenizer: of the start model.
        identity: what random numbers derive from.
        prompts: of a step.
        rollouts: responses per prompt.
        passes: forward-backward passes per update; a pass holds as many rows as fit into memory.
        temperature, top_p, max_new_tokens: sampling parameters.
        dtype: float32 | bfloat16.
        start: folder of the start model.
        length: tokens of the longest prompt and response.
        options: the engine's own, of its schema; None where it has none.
    """

    tokenizer: Any
    identity: tuple[int | str, ...]
    prompts: int
    rollouts: int
    passes: int
    temperature: float
    top_p: float
    max_new_tokens: int
    dtype: str
    start: Path
    length: int
    options: "EngineOptions | None" = None


@dataclass(frozen=True)
class RolloutRequest:
    """What a step asks of a sampler.

    Attributes:
        tasks: what is asked; a problem may stand there twice, with responses of its own.
        step: counted from 1.
        stream: names the random streams beside the step: `rollout`, or `rollout-2` and so on
            where a step asks in several rounds (dynamic sampling).
        greedy: one response per task at temperature 0, without truncation of the nucleus, in
            place of the arm's number at its temperature.
        first: position of the first task in the step, where these are a share of the step's tasks.
    """

    tasks: Sequence[RolloutPrompt]
    step: int
    stream: str = "rollout"
    greedy: bool = False
    first: int = 0

    def group_size(self, rollouts: int) -> int:
        """Responses to each task, where the arm has so many rollouts."""
        return 1 if self.greedy else rollouts

    def task_seeds(self, identity: tuple[int | str, ...]) -> list[int]:
        """What the random numbers of each task's responses derive from, in an arm."""
        return [
            seed(self.stream, *identity, self.step, position, task.problem_id)
            for position, task in enumerate(self.tasks, self.first)
        ]

    def take(self, span: range) -> "RolloutRequest":
        """A share of the tasks, with the random numbers that they have in the whole."""
        tasks = self.tasks[span.start : span.stop]
        return replace(self, tasks=tasks, first=self.first + span.start)


class RolloutSampler(Protocol):
    """Draws rollouts; all randomness derives from the arm's identity, `step` and `stream`."""

    def __call__(self, model: "PreTrainedModel", request: RolloutRequest) -> list[list[Rollout]]:
        """Responses to tasks, for each task its group, in order.

        Args:
            model: the policy, in evaluation mode; called without gradients.
            request: the tasks, and what random numbers derive from.
        """
        ...
