"""Math judging on reported faults of graders, on variants of each kind, and on published golds."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import ROOT, needs_real, real_file

from passk.domains.base_reader import gold_answer
from passk.domains.math import antlr
from passk.domains.math.judge import MathJudge
from passk.domains.math.numerals import decide
from passk.domains.math.options import MathOptions
from passk.domains.math.reading import read_answer
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.math.workers import Pool, WorkerRequest

CASES = ROOT / "tests" / "data" / "cases"
# Arguable cases on which the judge takes the other side; see docs/judging/math.md.
OTHERWISE = {
    "C097": "correct",  # x ~ 17 for 17
    "C135": "wrong",  # a name in a sentence that announces nothing
    "D024": "correct",  # blanks in another order
    "D032": "wrong",  # a gold in prose
    "D050": "wrong", "D051": "correct",  # a remark behind the answer, without a box
    "D057": "correct",  # a box behind the announced answer
    "D064": "correct", "D077": "correct",  # the same to six decimals
    "D092": "correct",  # i and I
    "D098": "wrong",  # DB for BD
    "D132": "unknown",  # a limit that the parser does not read
    "D150": "wrong",  # 3, 3 for 3
    "E053": "wrong",  # ln and log
    "E081": "wrong",  # 1 hour for 60
}  # fmt: skip

UNDECIDED = ("C016", "C017")  # arguable: values that nobody works out in time


def rows(name):
    return [json.loads(line) for line in (CASES / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def judge():
    with MathJudge(MathOptions(), limits=WorkerLimits(count=1, timeout=3)) as one:
        yield one


@pytest.fixture(scope="module")
def pool():
    with Pool(MathOptions(), WorkerLimits(count=1)) as one:
        yield one


def verdicts(judge, golds, texts):
    return [one.verdict for one in judge(golds, texts)]


def test_reported_cases(judge):
    cases = [case for case in rows("math.jsonl") if case["id"] not in UNDECIDED]
    given_verdicts = verdicts(
        judge, [case["gold"] for case in cases], [case["response"] for case in cases]
    )
    plain = [
        f"{case['id']} {case['kind']}: {verdict}"
        for case, verdict in zip(cases, given_verdicts, strict=True)
        if not case["arguable"] and verdict != case["expected"]
    ]
    assert plain == []
    arguable = {
        case["id"]: verdict
        for case, verdict in zip(cases, given_verdicts, strict=True)
        if case["arguable"] and verdict != case["expected"]
    }
    assert arguable == OTHERWISE


# Of the cases of one's own: a gold that is not readable, and a preposition before a day.
NOT_MENDED = {r"1:2:3:\ldots": "unknown", r"\text{Monday}": "wrong"}


def test_cases_of_ones_own(judge):
    cases = rows("own_math.jsonl")
    found = verdicts(judge, [c["gold"] for c in cases], [c["response"] for c in cases])
    other = [
        (case["gold"], verdict)
        for case, verdict in zip(cases, found, strict=True)
        if verdict != case["expected"]
    ]
    assert other == list(NOT_MENDED.items())


def test_variants_of_every_kind(judge, pool):
    cases = rows("math_variants.jsonl")
    answers = [WorkerRequest(c["gold"], c["answer"]) for c in cases if "answer" in c]
    alone = dict(pool.judge(answers))
    expected = [case["expected"] for case in cases if "answer" in case]
    assert [
        (request.gold, request.answer, alone[number].verdict)
        for number, request in enumerate(answers)
        if alone[number].verdict != expected[number]
    ] == []
    responses = [case for case in cases if "response" in case]
    read = verdicts(judge, [c["gold"] for c in responses], [c["response"] for c in responses])
    assert [
        (case, verdict)
        for case, verdict in zip(responses, read, strict=True)
        if verdict != case["expected"]
    ] == []


# ------------------------------------------------------------------------------ published golds

SETS = ("aime24", "amc23", "gsm8k", "math500", "minerva_math", "olympiadbench")
# Golds that follow one that is equal to them, `5` and `x=5`, or are not readable.
NOT_WRONG = {("5", "x=5"): "correct", ("$t(0,4]$", "$k=2 n-1$"): "unknown"}


def golds(name):
    """Gold answers of a set, as its reader takes them."""
    column = {"minerva_math": "solution", "olympiadbench": "final_answer"}.get(name, "answer")
    lines = real_file(f"math/{name}.jsonl").read_text(encoding="utf-8").splitlines()
    answers = []
    for line in lines:
        answer = json.loads(line)[column]
        if name == "gsm8k":
            answer = answer.rpartition("####")[2]
        elif name == "minerva_math":
            answer = read_answer(answer[answer.rindex(r"\boxed") :]).text
        elif name == "olympiadbench":
            (answer,) = answer
        answers.append(gold_answer(answer, name))
    return answers


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[
                needs_real(f"math/{name}.jsonl"),
                *([pytest.mark.slow] if name in ("minerva_math", "olympiadbench") else []),
            ],
        )
        for name in SETS
    ],
)
def test_a_gold_answers_itself_and_not_the_problem_before(judge, name):
    answers = golds(name)
    boxes = [rf"\boxed{{{answer}}}" for answer in answers]
    assert set(verdicts(judge, answers, boxes)) == {"correct"}
    following = [*answers[1:], answers[0]]
    pairs = [pair for pair in zip(answers, following, strict=True) if pair[0] != pair[1]]
    given_verdicts = verdicts(judge, [a for a, _ in pairs], [rf"\boxed{{{b}}}" for _, b in pairs])
    others = dict(zip(pairs, given_verdicts, strict=True))
    assert {pair: v for pair, v in others.items() if v != "wrong"} == {
        pair: v for pair, v in NOT_WRONG.items() if pair in others
    }


@needs_real("math/minerva_math.jsonl")
def test_minervas_e_notation_is_latexs_power_of_ten(judge):
    numbers = [g for g in golds("minerva_math") if re.fullmatch(r"[\d.]+e-?\d+", g)]
    assert len(numbers) == 58
    split = [number.split("e") for number in numbers]
    same = [rf"\boxed{{{mantissa} \times 10^{{{power}}}}}" for mantissa, power in split]
    assert set(verdicts(judge, numbers, same)) == {"correct"}
    other = [rf"\boxed{{{mantissa} \times 10^{{{power}1}}}}" for mantissa, power in split]
    assert set(verdicts(judge, numbers, other)) == {"wrong"}


# -------------------------------------------------------------------------------- shortcuts

_NUMERALS = st.one_of(
    st.integers(-2000, 2000).map(str),
    st.integers(0, 10**12).map(lambda n: f"{n:,}"),
    st.integers(0, 99).map(lambda n: f"{n:05}"),
    st.decimals(-99, 99, places=3).map("{:f}".format),
    st.tuples(st.integers(-9, 9), st.integers(1, 9)).map(lambda f: rf"\frac{{{f[0]}}}{{{f[1]}}}"),
    st.tuples(st.integers(1, 9), st.integers(1, 9)).map(lambda f: rf"-\frac{{{f[0]}}}{{{f[1]}}}"),
    st.tuples(st.integers(-9, 9), st.integers(1, 9)).map(lambda f: f"{f[0]}/{f[1]}"),
    st.tuples(st.integers(1, 3), st.integers(0, 9), st.integers(1, 6)).map(
        lambda f: rf"{f[0]} \frac{{{f[1]}}}{{{f[2]}}}"
    ),
    st.tuples(st.integers(1, 9), st.integers(-9, 9)).map(lambda f: rf"{f[0]} \times 10^{{{f[1]}}}"),
    st.decimals(-9, 9, places=12).map("{:f}".format),
)
_OTHERS = st.sampled_from(
    ["x", "", "?", "$", "12.", "1 2", "1,2", "50%", r"\$5", "1e5", "2x", "x=3", "1:2", "52_8", "{"]
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(_NUMERALS | _OTHERS, _NUMERALS | _OTHERS), min_size=10, max_size=10))
def test_what_needs_no_algebra_is_decided_as_the_worker_does(pool, pairs):
    decided = [(*pair, decide(*pair, 6)) for pair in pairs]
    decided = [one for one in decided if one[2] is not None]
    found = dict(pool.judge([WorkerRequest(gold, answer) for gold, answer, _ in decided]))
    for number, (gold, answer, equal) in enumerate(decided):
        assert found[number].verdict == ("correct" if equal else "wrong"), (gold, answer)


# ------------------------------------------------------------------------------ installations

JUDGE_ALL = """
import json, sys
from passk.domains.math.mathverify import judge
from passk.domains.math.options import MathOptions
from latex2sympy2_extended import antlr_parser
cases = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
pairs = [(case["gold"], case["answer"]) for case in cases if "answer" in case][::4]
verdicts = [judge(gold, answer, MathOptions()) for gold, answer in pairs]
print(json.dumps([antlr_parser.antlr_version, verdicts]))
"""


def _installed(folder, names):
    """An installation of these distributions alone, by links."""
    for name in names:
        for file in distribution(name).files:
            top = Path(str(file)).parts[0]
            if top != ".." and not (folder / top).exists():
                (folder / top).symlink_to(Path(distribution(name).locate_file(top)))
    return folder


def test_a_light_installation_judges_as_a_full_one(tmp_path):
    """Whatever ANTLR is installed: none, or 4.9.3, which DVC's dependencies force."""
    results = []
    libraries = ("math-verify", "latex2sympy2_extended", "sympy", "mpmath")
    for extra in ((), ("antlr4-python3-runtime",)):
        folder = tmp_path / str(len(extra))
        folder.mkdir()
        path = os.pathsep.join([str(ROOT / "src"), str(_installed(folder, libraries + extra))])
        done = subprocess.run(
            [sys.executable, "-S", "-c", JUDGE_ALL, str(CASES / "math_variants.jsonl")],
            env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        results.append(json.loads(done.stdout.splitlines()[-1]))
    assert results[0] == results[1]
    assert results[0][0] == antlr.VERSION
