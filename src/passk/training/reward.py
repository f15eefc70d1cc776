r"""Reward of a rollout: 1 for a correct answer, 0 otherwise, judged as evaluation judges.

A verdict of `unknown` (the grader ran out of time; the response was cut before it gave an answer)
is rewarded 0 and counted. A denser reward is another entry of `REWARDS`.

Example:
    >>> from passk.verification.judge import MathJudge
    >>> from passk.verification.options import MathOptions
    >>> with MathJudge(MathOptions()) as judge:
    ...     correctness(judge)(["12", "12"], ["so \\boxed{12}", "\\boxed{"], [False, True])
    Rewards(values=[1.0, 0.0], unknown=1)
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from passk.verification.judge import MathJudge
from passk.verification.verdict import CORRECT, UNKNOWN


class Rewards(NamedTuple):
    """Rewards of a batch of responses.

    Attributes:
        values: one per response.
        unknown: how many verdicts were `unknown`.
    """

    values: list[float]
    unknown: int


# (reference answers, responses, whether each was cut at the longest length) -> rewards
Reward = Callable[[Sequence[str], Sequence[str], Sequence[bool]], Rewards]


def correctness(judge: MathJudge) -> Reward:
    """1 for each response whose verdict is `correct`, else 0."""

    def reward(answers: Sequence[str], texts: Sequence[str], cut: Sequence[bool]) -> Rewards:
        verdicts = [verdict.verdict for verdict in judge(answers, texts, cut)]
        values = [1.0 if verdict == CORRECT else 0.0 for verdict in verdicts]
        return Rewards(values, verdicts.count(UNKNOWN))

    return reward


REWARDS: Mapping[str, Callable[[MathJudge], Reward]] = MappingProxyType(
    {"correctness": correctness}
)
