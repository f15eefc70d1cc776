r"""The reward `correctness`: as evaluation judges, 1 or 0.

Example:
    >>> from passk.domains.math.judge import MathJudge
    >>> from passk.domains.math.options import MathOptions
    >>> tasks = [Task("a", (1,), "12"), Task("b", (1,), "12")]
    >>> with MathJudge(MathOptions()) as judge:
    ...     correctness(judge)(tasks, ["so \\boxed{12}", "\\boxed{"], [False, True])
    Rewards(values=[1.0, 0.0], unknown=1, correct=None)
"""

from collections.abc import Sequence

from passk.domains.grading import Judge
from passk.domains.verdict import CORRECT, UNKNOWN
from passk.training.reward import Reward, Rewards
from passk.training.tasks import Task


def correctness(judge: Judge) -> Reward:
    """1 for each response whose verdict is `correct`, else 0."""

    def reward(tasks: Sequence[Task], texts: Sequence[str], cut: Sequence[bool]) -> Rewards:
        judged = judge([task.gold for task in tasks], texts, cut)
        verdicts = [verdict.verdict for verdict in judged]
        values = [1.0 if verdict == CORRECT else 0.0 for verdict in verdicts]
        return Rewards(values, verdicts.count(UNKNOWN))

    return reward
