"""Rollouts of a step: what the policy answered, and how it is asked.

How they are drawn is a function (`Draw`), so that the sampling engine's step loop, vLLM on GPUs or
a test's toy can stand behind the same trainer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transformers import PreTrainedModel


@dataclass(frozen=True)
class Task:
    """A problem as training sees it.

    Attributes:
        problem_id: names the random streams of its rollouts.
        prompt_ids: the rendered prompt.
        answer: the reference answer; only the reward reads it.
    """

    problem_id: str
    prompt_ids: tuple[int, ...]
    answer: str


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


# (policy, tasks of the step, step) -> for each task its rollouts
Draw = Callable[[PreTrainedModel, Sequence[Task], int], list[list[Rollout]]]
