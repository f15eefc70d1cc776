"""Judging math answers: known answers, equality with Math-Verify, limits, cache."""

import json
import subprocess
import sys

import pytest
from math_verify import parse, verify
from tests.conftest import needs_real, real_file

from passk.domains.math.judge import MathJudge
from passk.domains.math.options import MathOptions
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.registry import DOMAINS

QWEN = "samples/math_qwen_100x8.jsonl"
REAL = real_file(QWEN)


@pytest.fixture(scope="module")
def judge():
    with MathJudge(MathOptions(), limits=WorkerLimits(count=1)) as one:
        yield one


def verdicts(judge, golds, texts, cut=None):
    return [(v.verdict, v.reason) for v in judge(golds, texts, cut)]


# ------------------------------------------------------------------------- known answers


@needs_real(QWEN)
def test_real_responses_get_math_verifys_own_verdicts(judge):
    rows = [json.loads(line) for line in REAL.read_text().splitlines()]
    golds = [row["gt"] for row in rows for _ in row["response"]]
    texts = [text for row in rows for text in row["response"]]
    ours = [v.verdict == "correct" for v in judge(golds, texts)]
    theirs = [
        verify(parse(f"${row['gt']}$"), parse(text)) for row in rows for text in row["response"]
    ]
    assert ours == theirs
    recorded = [grade for row in rows for grade in row["score"]]
    assert [i // 8 for i in range(800) if ours[i] != recorded[i]] == [72]
    solved = [sum(ours[8 * i : 8 * i + 8]) for i in range(100)]
    assert sum(solved) / 800 == 0.91125
    assert solved.count(0) == 3


@pytest.mark.parametrize(
    ("gold", "text", "expected"),
    [
        (r"\frac{1}{2}", r"so \boxed{0.5}", ("correct", "equal")),
        (r"\frac{1}{2}", r"so \boxed{\frac{2}{4}}", ("correct", "equal")),
        ("04732", r" reverse=1 \boxed{04732}", ("correct", "equal")),
        ("04732", r" reverse=1 \boxed{04723}", ("wrong", "different")),
        ("10{,}000", r"\boxed{10000}", ("correct", "equal")),
        ("x+1", r"\boxed{1+x}", ("correct", "equal")),
        ("28", r"\boxed{\sqrt{34}+3\sqrt{10}}", ("wrong", "different")),
        ("3", r"First \(\boxed{2}\). But no: it is \(\boxed{3}\).", ("correct", "equal")),
        ("3", "The answer is 3.", ("correct", "equal")),
        ("3", r"It is 3: \boxed{?}", ("wrong", "answer not readable")),
        ("3", "I cannot say.", ("wrong", "no answer found")),
        ("3", "", ("wrong", "no answer found")),
    ],
)
def test_verdicts(judge, gold, text, expected):
    assert verdicts(judge, [gold], [text]) == [expected]


def test_a_response_cut_short_without_an_answer_is_unknown_not_wrong(judge):
    texts = ["so 3 + 4 =", r"so \boxed{7}, and on and", r"so \boxed{\frac{7}{1}", "so 3 + 5 ="]
    assert verdicts(judge, ["7"] * 4, texts, [True, True, True, False]) == [
        ("unknown", "truncated"),
        ("correct", "equal"),
        ("unknown", "truncated"),
        ("wrong", "different"),
    ]


def test_a_gold_in_which_nothing_is_found_makes_unknown(judge):
    assert verdicts(judge, ["$$"], [r"\boxed{x}"])[0][0] == "unknown"


# ---------------------------------------------------------------------------- invariances


def test_order_and_repetition_change_no_verdict(judge):
    golds = ["1", "x", r"\sqrt{2}", "1", "7"]
    texts = [r"\boxed{1}", r"\boxed{y}", r"\boxed{2^{1/2}}", r"\boxed{2}", "it is 7"]
    forward = judge(golds, texts)
    assert judge(golds[::-1], texts[::-1]) == forward[::-1]
    assert judge(golds * 3, texts * 3) == forward * 3
    assert judge([], []) == []


def test_grader_name_follows_the_options():
    assert MathOptions().grader() == MathOptions().grader()
    assert MathOptions().grader() != MathOptions(float_rounding=3).grader()
    assert MathOptions().grader().startswith("math-verify 0.9.0 ")


# ---------------------------------------------------------------------------------- libraries

JUDGING = """
import sys
from importlib.metadata import packages_distributions
from passk.domains.math import antlr, mathverify
from passk.domains.math.options import MathOptions
assert mathverify.judge("x^2", r"x \\cdot x", MathOptions()).verdict == "correct"
owners = packages_distributions()
packages = {module.partition(".")[0] for module in sys.modules} - {"antlr4"}  # ours
assert sys.modules["antlr4"].__file__.startswith(str(antlr.VENDOR))
print(*{owner for package in packages for owner in owners.get(package, ())})
"""


def test_a_domain_names_the_libraries_that_decide_its_verdicts():
    """All distributions that a worker has loaded when it has judged, and no others."""
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}{JUDGING}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(loaded.stdout.split()) - {"passk"} == set(DOMAINS["math"].libraries)
    assert DOMAINS["visual"].libraries == DOMAINS["math"].libraries
    assert DOMAINS["code"].libraries == ()
