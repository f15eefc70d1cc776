r"""Rewards of rollouts, judged as evaluation judges.

A verdict of `unknown` (the grader ran out of time; the response was cut before it gave an answer)
is rewarded 0 and counted.

To add a reward: write a function of a judge that returns a `Reward`, list it in REWARDS or under
the entry points `passk.rewards`, and name it in `passk.training.settings`. A reward reads what it
wants of a task: gold, question, level.

Example:
    >>> from passk.domains.math.judge import MathJudge
    >>> from passk.domains.math.options import MathOptions
    >>> tasks = [Task("a", (1,), "12"), Task("b", (1,), "12")]
    >>> with MathJudge(MathOptions()) as judge:
    ...     correctness(judge)(tasks, ["so \\boxed{12}", "\\boxed{"], [False, True])
    Rewards(values=[1.0, 0.0], unknown=1, correct=None)
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from passk.core.registry import Registry
from passk.domains.grading import Judge
from passk.domains.math.world.chains import parse_chain, solve
from passk.domains.math.world.questions import parse_question
from passk.domains.verdict import CORRECT, UNKNOWN
from passk.training.rollouts import Task

# What `valid_steps` gives at most to a response whose answer is wrong.
PARTIAL = 0.5


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


def correctness(judge: Judge) -> Reward:
    """1 for each response whose verdict is `correct`, else 0."""

    def reward(tasks: Sequence[Task], texts: Sequence[str], cut: Sequence[bool]) -> Rewards:
        judged = judge([task.gold for task in tasks], texts, cut)
        verdicts = [verdict.verdict for verdict in judged]
        values = [1.0 if verdict == CORRECT else 0.0 for verdict in verdicts]
        return Rewards(values, verdicts.count(UNKNOWN))

    return reward


def valid_steps(judge: Judge) -> Reward:
    """1 for a correct answer; else PARTIAL times the share of leading steps that hold.

    A denser reward, for problems of a generated world: a wrong answer after two valid steps of
    three earns more than one that goes wrong at once.
    """
    plain = correctness(judge)

    def reward(tasks: Sequence[Task], texts: Sequence[str], cut: Sequence[bool]) -> Rewards:
        values, unknown, _ = plain(tasks, texts, cut)
        partial = [
            value or PARTIAL * share_of_valid_steps(task.question, text)
            for value, task, text in zip(values, tasks, texts, strict=True)
        ]
        return Rewards(partial, unknown, values)

    return reward


def share_of_valid_steps(question: str, response: str) -> float:
    r"""How much of a question's solution a response's first steps are, 0 to 1.

    A step holds if function, operation and result are the solution's. Counting stops at the first
    that does not. A response that cannot be read as a chain has none.

    Raises:
        ValueError: the question is not of a generated world.

    Example:
        >>> share_of_valid_steps("g(f(48213))", r" f:reverse=31284 g:left=12843 \boxed{12843}")
        0.5
    """
    asked = parse_question(question)
    if asked is None:
        raise ValueError(
            f"reward valid_steps: {question[:60]!r} is no question of a generated world, so steps "
            "cannot be checked; use reward: correctness"
        )
    chain, solution = parse_chain(response), solve(asked)
    valid = 0
    for stated, right in zip(chain.steps if chain else (), solution.steps, strict=False):
        if stated != right:
            break
        valid += 1
    return valid / len(solution.steps)


REWARDS: Registry[Callable[[Judge], Reward]] = Registry(
    "reward",
    "passk.rewards",
    {
        "correctness": "passk.training.reward:correctness",
        "valid_steps": "passk.training.reward:valid_steps",
    },
)
