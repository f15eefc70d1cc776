"""What a reward is: a function of responses, made of the judge of their domain.

A verdict of `unknown` (the grader ran out of time; the response was cut before it gave an answer)
is rewarded 0 and counted.

To add a reward, see `passk.training.rewards.registry`.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from passk.training.tasks import Task


class Rewards(NamedTuple):
    """Rewards of a batch of responses.

    Attributes:
        values: one per response.
        unknown: how many verdicts were `unknown`.
        correct: 1.0 or 0.0 per response, where `values` say more than that; dynamic sampling asks
            whether these differ. None: `values` are these.
    """

    values: list[float]
    unknown: int
    correct: list[float] | None = None


# (task of each response, responses, whether each was cut at the longest length) -> rewards
Reward = Callable[[Sequence[Task], Sequence[str], Sequence[bool]], Rewards]
