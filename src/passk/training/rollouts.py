"""Rollouts of a step: what the policy answered, and how it is asked.

How they are drawn is a function (`Draw`), so that the sampling engine's step loop, vLLM on GPUs or
a test's toy can stand behind the same trainer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from transformers import PreTrainedModel

from passk.models.image_inputs import Seen


@dataclass(frozen=True)
class Task:
    """A problem as training sees it.

    Attributes:
        problem_id: names the random streams of its rollouts.
        prompt_ids: the rendered prompt, placeholders of its picture expanded.
        gold: what responses are judged by, an answer or tests; only the reward reads it.
        question: the question's text; only the reward reads it.
        level: step of the difficulty ladder, or None; only the curriculum reads it.
        seen: the picture that the prompt shows, or None.
    """

    problem_id: str
    prompt_ids: tuple[int, ...]
    gold: str
    question: str = ""
    level: int | None = None
    seen: Seen | None = None


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


class Draw(Protocol):
    """Draws rollouts; all randomness derives from the arm's identity, `step` and `stream`."""

    def __call__(
        self,
        model: PreTrainedModel,
        tasks: Sequence[Task],
        step: int,
        *,
        stream: str = "rollout",
        greedy: bool = False,
    ) -> list[list[Rollout]]:
        """Responses to tasks, for each task its group, in order.

        Args:
            model: the policy, in evaluation mode; called without gradients.
            tasks: what is asked; a problem may stand there twice, with responses of its own.
            step: counted from 1.
            stream: names the random streams beside the step: `rollout`, or `rollout-2` and so on
                where a step asks in several rounds (dynamic sampling).
            greedy: one response per task at temperature 0, without truncation of the nucleus, in
                place of the arm's number at its temperature.
        """
        ...
