"""The reward says what evaluation says, and unknown is worth nothing."""

import pytest

from passk.training.reward import correctness
from passk.verification.judge import MathJudge
from passk.verification.options import MathOptions
from passk.verification.verdict import CORRECT, UNKNOWN


@pytest.fixture(scope="module")
def judge():
    with MathJudge(MathOptions(), workers=1) as judge:
        yield judge


def test_reward_is_the_verdict_of_evaluation(judge):
    answers = ["12", "09582", "12", "12", "12", "7"]
    texts = [r"\boxed{12}", r"h=9582 \boxed{09582}", r"\boxed{13}", r"\boxed{24/2}", "none", ""]
    cut = [False] * 6
    verdicts = judge(answers, texts, cut)
    rewards = correctness(judge)(answers, texts, cut)
    assert rewards.values == [float(v.verdict == CORRECT) for v in verdicts]
    assert rewards.values[:4] == [1.0, 1.0, 0.0, 1.0]


def test_unknown_is_rewarded_nothing_and_counted(judge):
    # A response that was cut before it gave an answer.
    rewards = correctness(judge)(["12", "12"], ["12 plus", r"\boxed{12}"], [True, True])
    assert judge(["12"], ["12 plus"], [True])[0].verdict == UNKNOWN
    assert rewards == ([0.0, 1.0], 1)
