"""The reward says what evaluation says; unknown is worth nothing; valid steps are worth some."""

import doctest

import pytest
from pydantic import ValidationError

import toy_policy as toy
from passk.domains.math.judge import MathJudge
from passk.domains.math.options import MathOptions
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.math.world.chains import parse_chain, solve, write_chain
from passk.domains.math.world.questions import parse_question
from passk.domains.verdict import CORRECT, UNKNOWN
from passk.training.rewards import correctness as correctness_module
from passk.training.rewards import valid_steps as valid_steps_module
from passk.training.rewards.correctness import correctness
from passk.training.rewards.registry import REWARDS
from passk.training.rewards.valid_steps import PARTIAL, measure_valid_steps, valid_steps
from passk.training.tasks import Task


@pytest.fixture(scope="module")
def judge():
    with MathJudge(MathOptions(), limits=WorkerLimits(count=1)) as judge:
        yield judge


def tasks(answers, question=""):
    return [Task("p", (1,), answer, question=question) for answer in answers]


def test_reward_is_the_verdict_of_evaluation(judge):
    answers = ["12", "09582", "12", "12", "12", "7"]
    texts = [r"\boxed{12}", r"h=9582 \boxed{09582}", r"\boxed{13}", r"\boxed{24/2}", "none", ""]
    cut = [False] * 6
    verdicts = judge(answers, texts, cut)
    given = correctness(judge)(tasks(answers), texts, cut)
    assert given.values == [float(v.verdict == CORRECT) for v in verdicts]
    assert given.values[:4] == [1.0, 1.0, 0.0, 1.0]


def test_unknown_is_rewarded_nothing_and_counted(judge):
    # A response that was cut before it gave an answer.
    given = correctness(judge)(tasks(["12", "12"]), ["12 plus", r"\boxed{12}"], [True, True])
    assert judge(["12"], ["12 plus"], [True])[0].verdict == UNKNOWN
    assert given == ([0.0, 1.0], 1, None)


def test_valid_steps_pay_for_the_leading_steps_that_hold(judge):
    question = "f(m(f(48213)))"  # reverse, nines' complement, reverse
    right = write_chain(solve(parse_question(question)))
    first, second, third = (
        f" {s.name}:{s.operation}={''.join(map(str, s.result))}" for s in parse_chain(right).steps
    )
    wrong = r" \boxed{11111}"
    texts = [
        right,
        first + second + third + wrong,  # all steps hold, the answer does not follow
        first + second + " f:up=22222" + wrong,
        first + " m:flip=11111" + third + wrong,  # a slip; what comes after it counts no more
        " f:up=59324" + second + third + wrong,
        "the answer is" + wrong,
    ]
    answer = right.split("{")[1].rstrip("}")
    given = valid_steps(judge)(tasks([answer] * 6, question), texts, [False] * 6)
    wanted = [1.0, PARTIAL, PARTIAL * 2 / 3, PARTIAL / 3, 0.0, 0.0]
    assert given.values == pytest.approx(wanted)
    assert given.correct == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]  # what dynamic sampling asks


def test_valid_steps_names_a_question_that_has_none():
    with pytest.raises(ValueError, match=r"What is 1 \+ 1.*use reward: correctness"):
        measure_valid_steps("What is 1 + 1?", "2")


def test_parameters_allow_what_is_registered_and_explain_what_is_not():
    for name in REWARDS:
        assert toy.settings(reward=name).reward == name
    with pytest.raises(ValidationError, match=r"legal: correctness, valid_steps"):
        toy.settings(reward="corectness")


def test_worked_examples_in_docstrings():
    assert doctest.testmod(correctness_module).failed == 0
    assert doctest.testmod(valid_steps_module).failed == 0
