"""The reward `valid_steps`: a share of the reward for the steps that hold."""

from collections.abc import Sequence

from passk.domains.grading import Judge
from passk.domains.math.world.chains import parse_chain, solve
from passk.domains.math.world.questions import parse_question
from passk.training.reward import Reward, Rewards
from passk.training.rewards.correctness import correctness
from passk.training.tasks import Task

# What is given at most to a response whose answer is wrong.
PARTIAL = 0.5


def valid_steps(judge: Judge) -> Reward:
    """1 for a correct answer; else PARTIAL times the share of leading steps that hold.

    A denser reward, for problems of a generated world: a wrong answer after two valid steps of
    three earns more than one that goes wrong at once.
    """
    judge_answers = correctness(judge)

    def reward(tasks: Sequence[Task], texts: Sequence[str], cut: Sequence[bool]) -> Rewards:
        values, unknown, _ = judge_answers(tasks, texts, cut)
        partial = [
            value or PARTIAL * measure_valid_steps(task.question, text)
            for value, task, text in zip(values, tasks, texts, strict=True)
        ]
        return Rewards(partial, unknown, values)

    return reward


def measure_valid_steps(question: str, response: str) -> float:
    r"""How much of a question's solution a response's first steps are, 0 to 1.

    A step holds if function, operation and result are the solution's. Counting stops at the first
    that does not. A response that cannot be read as a chain has none.

    Raises:
        ValueError: the question is not of a generated world.

    Example:
        >>> measure_valid_steps("g(f(48213))", r" f:reverse=31284 g:left=12843 \boxed{12843}")
        0.5
    """
    chain_question = parse_question(question)
    if chain_question is None:
        raise ValueError(
            f"reward valid_steps: {question[:60]!r} is no question of a generated world, so steps "
            "cannot be checked; use reward: correctness"
        )
    chain, solution = parse_chain(response), solve(chain_question)
    valid = 0
    for stated, right in zip(chain.steps if chain else (), solution.steps, strict=False):
        if stated != right:
            break
        valid += 1
    return valid / len(solution.steps)
