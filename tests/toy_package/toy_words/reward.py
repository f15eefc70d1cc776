"""The reward `lenient`: a wrong answer costs the less, the harder the problem."""

from collections.abc import Sequence

from passk.domains.grading import Judge
from passk.training.reward import Reward, Rewards
from passk.training.rewards.correctness import correctness
from passk.training.tasks import Task

PRICE = 0.001  # of a letter


def lenient(judge: Judge) -> Reward:
    """1 for a correct response, else -1 / level; less PRICE for each letter."""
    plain = correctness(judge)

    def reward(tasks: Sequence[Task], texts: Sequence[str], cut: Sequence[bool]) -> Rewards:
        correct, unknown, _ = plain(tasks, texts, cut)
        values = [
            (value or -1 / (task.level or 1)) - PRICE * len(text)
            for value, task, text in zip(correct, tasks, texts, strict=True)
        ]
        return Rewards(values, unknown, correct)

    return reward
