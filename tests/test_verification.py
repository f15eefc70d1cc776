"""Judging math answers: known answers, equality with Math-Verify, limits, cache."""

import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from math_verify import parse, verify
from passk.domains.math.extraction import boxed_answer, closed_box
from tests.conftest import needs_real, real_file

from passk.domains.math import mathverify
from passk.domains.math.judge import MathJudge
from passk.domains.math.numerals import decide
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


# ------------------------------------------------------- shortcuts are Math-Verify's verdicts

_ANSWERS = st.sampled_from(
    [
        *("12", "x", "a", "A", "3/4", "1/0", "-5", "0.5", "007", "1.50", "1,000", "10{,}000"),
        *(r"\frac{1}{2}", r"12\frac{3}{5}", r"2\sqrt{3}", "x=3", "[0,1)", "(1,2]", r"\{1,2\}"),
        *(r"\left[0,1\right]", r"\begin{pmatrix}1\\2\end{pmatrix}", r"\text{Monday}"),
        *(r"5\text{ cm}", r"50\%", r"\$5", "and", "12 and 13", "5 is 7", "{}= 7 text"),
        *("", "{", "$", "x] ", r"\]", r"is \( 3", r"\boxed{2}"),
    ]
)
_PIECES = st.sampled_from(
    [
        *("The answer is ", "answer: 3 ", "final answer is ", "final answer. ", "I hope it is"),
        *("Final Answer: The final answer is ", "so ", "is ", " and ", ", ", ".", "**", " ", "\n"),
        *("$", "$$", r"\(", r"\)", r"\[", r"\]", " [", "]", "{", "}", "\\", r"\boxed", r"\fbox{3}"),
        *("costs $5 and ", r"3\$", "= 7 ", "12 ", "x", r"\frac{3}{4}", "percent", "%"),
    ]
)
_ENVIRONMENTS = st.sampled_from(
    [("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), (" [", "] "), ("$$", "$$"), ("", ""), ("", "")]
)


@st.composite
def _responses(draw):
    before = "".join(draw(st.lists(_PIECES, max_size=4)))
    opening, closing = draw(_ENVIRONMENTS)
    box = rf"\boxed{{{draw(_ANSWERS)}}}"
    inner = (
        draw(st.sampled_from(["", "x=", " ", "\n"])) + box + draw(st.sampled_from(["", ".", "\n"]))
    )
    return before + opening + inner + closing + "".join(draw(st.lists(_PIECES, max_size=3)))


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    logging.getLogger("math_verify").setLevel(logging.ERROR)


@settings(max_examples=800, deadline=None, derandomize=True)
@given(_responses(), _ANSWERS.filter(bool))
def test_the_box_that_stands_for_a_response_is_what_math_verify_finds_in_it(text, gold):
    answer = boxed_answer(text)
    if answer is None:
        return
    whole = parse(text, parsing_timeout=None)
    short = mathverify.read(rf"\boxed{{{answer}}}", mathverify.box_pattern())
    if short and not isinstance(short[0], str):  # else the worker asks for the whole response
        assert list(map(str, short)) == list(map(str, whole))
    shortcut = decide(gold, answer, 6)
    if shortcut is not None:
        golds = parse(mathverify.gold_text(gold), parsing_timeout=None)
        assert shortcut == verify(golds, whole, timeout_seconds=None)


_NUMERALS = st.one_of(
    st.integers(-2000, 2000).map(str),
    st.integers(0, 10**12).map(lambda n: f"{n:,}"),
    st.integers(0, 99).map(lambda n: f"{n:05}"),
    st.decimals(-99, 99, places=3).map(str),
    st.tuples(st.integers(-9, 9), st.integers(1, 9)).map(lambda f: rf"\frac{{{f[0]}}}{{{f[1]}}}"),
    st.tuples(st.integers(1, 9), st.integers(1, 9)).map(lambda f: rf"-\dfrac{{{f[0]}}}{{{f[1]}}}"),
    st.tuples(st.integers(-9, 9), st.integers(1, 9)).map(lambda f: f"{f[0]}/{f[1]}"),
    st.tuples(st.integers(1, 3), st.integers(0, 9), st.integers(1, 6)).map(
        lambda f: rf"{f[0]} \frac{{{f[1]}}}{{{f[2]}}}"
    ),
    st.decimals(-9, 9, places=12).map("{:f}".format),
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(_NUMERALS, _NUMERALS)
def test_numbers_decided_without_algebra_are_decided_as_math_verify_does(gold, answer):
    shortcut = decide(gold, answer, 6)
    if shortcut is not None:
        golds = parse(f"${gold}$", parsing_timeout=None)
        found = parse(rf"\boxed{{{answer}}}", parsing_timeout=None)
        assert shortcut == verify(golds, found, timeout_seconds=None)


def test_doubt_ends_in_the_whole_response():
    for text in (
        "no box",
        r"\boxed{1} and \boxed{2}",
        r"\boxed{1",
        r"\boxed{}",
        r"$\boxed{5}$ percent",
        r"The final answer is $\boxed{5}$. I hope it is correct.",
        r"\boxed 5",
        r"\fbox{3} \boxed{5}",
    ):
        assert boxed_answer(text) is None, text
    assert boxed_answer(r"Thus $x = \boxed{[0,1)}$.") == "[0,1)"
    assert boxed_answer(r"The final answer is \( \boxed{\frac{3}{16}} \).") == r"\frac{3}{16}"
    assert not closed_box("no box")


# ---------------------------------------------------------------------------------- libraries

JUDGING = """
import sys
from importlib.metadata import packages_distributions
from passk.domains.math import mathverify
from passk.domains.math.options import MathOptions
assert mathverify.judge("x^2", r"so $x \\cdot x$", False, MathOptions()).verdict == "correct"
owners = packages_distributions()
packages = {module.partition(".")[0] for module in sys.modules}
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
