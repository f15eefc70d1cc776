"""Programs judged by tests: verdicts, reasons, limits, the cache."""

from dataclasses import replace

import pytest

from passk.core.digests import digest
from passk.domains.code.calibration import Calibration, program_limits
from passk.domains.code.judge import CodeJudge
from passk.domains.code.options import CodeOptions
from passk.domains.code.readers.statements import find_unjudgeable
from passk.domains.code.reference_outputs import ReferenceSolutionError, completed
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests
from passk.domains.code.verdicts import find_entry, order_cases
from passk.domains.verdict import Verdict
from passk.domains.verdict_cache import VerdictCache

QUICK = CodeOptions(cpu_floor=1.0, cpu_default=1.0, memory_mib=256)
ADD = Tests(
    entry="add",
    inputs=(encode([1, 2]), encode([[3], [4]]), encode(["a", "b"])),
    expected=(encode(3), encode([3, 4]), encode("ab")),
    reference="def add(x, y):\n    return x + y",
)
ECHO = Tests(None, ("3\n1 2 3\n", "1\n7\n"), ("6", "7\n"), comparison={"kind": "text"})
METHOD = Tests(
    "Solution.twice",
    (encode([[1, 2]]),),
    (encode([1, 2, 1, 2]),),
    prelude="from typing import *\n",
    comparison={"kind": "listed"},
)


@pytest.fixture(scope="module")
def judge():
    with CodeJudge(QUICK, calibration=None) as one:
        yield one


def verdict(judge, tests, program):
    return judge.programs([tests.dump()], [program])[0]


def test_the_reference_is_right(judge):
    assert verdict(judge, ADD, ADD.reference) == Verdict(
        "correct", "all tests passed", ADD.reference
    )


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("def add(x, y): return x", "wrong output"),
        ("def add(x, y): return object()", "wrong output"),
        ("def add(x, y): return x[5]", "error: TypeError"),
        ("def add(x, y):\n    class Odd(Exception): pass\n    raise Odd", "error: Exception"),
        ("def add(x, y) return x", "syntax error"),
        ("def sub(x, y): return x", "error: NameError"),
        ("import no_such_module", "error: ModuleNotFoundError"),
        ("def add(x, y):\n    while True: pass", "timeout"),
        ("def add(x, y): return bytearray(1 << 30)", "memory"),
        ("import os\ndef add(x, y): os._exit(0)", "exited"),
        ("import sys\ndef add(x, y): sys.exit(0)", "exited"),
        ("def add(x, y): return ['1' * 8000] * 3000", "output limit"),
        ("", "error: NameError"),
    ],
)
def test_wrong_programs_and_why(judge, program, reason):
    found = verdict(judge, ADD, program)
    assert (found.verdict, found.reason, found.answer) == ("wrong", reason, program)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("n = input()\nprint(sum(map(int, input().split())))", "correct"),
        ("import sys\nd = sys.stdin.read().split()\nprint(sum(map(int, d[1:])), '.0', sep='')",
         "correct"),
        ("print(6)", "wrong"),
        ("n = input()", "wrong"),
        ("raise SystemExit", "wrong"),
    ],
)  # fmt: skip
def test_programs_that_read_and_print(judge, program, said):
    assert verdict(judge, ECHO, program).verdict == said


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("class Solution:\n    def twice(self, x: List[int]): return tuple(x + x)", "correct"),
        ("def twice(x): return x + x", "correct"),
        ("class Solution:\n    def twice(self, x): return x", "wrong"),
    ],
)
def test_methods_of_a_class_or_bare_functions(judge, program, said):
    assert verdict(judge, METHOD, program).verdict == said


def test_responses_are_judged_by_the_program_they_state(judge):
    gold = ADD.dump()
    fenced = f"So:\n```python\n{ADD.reference}\n```"
    found = judge(
        [gold] * 5,
        [fenced, fenced, "no idea", f"```python\n{ADD.reference}", "let me think"],
        [False, True, False, True, True],
    )
    assert [(one.verdict, one.reason) for one in found] == [
        ("correct", "all tests passed"),
        ("correct", "all tests passed"),
        ("wrong", "no program found"),
        ("unknown", "truncated"),
        ("unknown", "truncated"),
    ]
    assert found[0].answer == ADD.reference
    assert found[2].answer is None


@pytest.mark.parametrize(
    "gold",
    [
        "",
        "[]",
        "{}",
        replace(ADD, inputs=(), expected=()).dump(),
        replace(ADD, expected=ADD.expected[:1]).dump(),
        replace(ADD, comparison={"kind": "none such"}).dump(),
    ],
)
def test_tests_that_cannot_be_read_decide_nothing(judge, gold):
    found = judge([gold], [f"```python\n{ADD.reference}\n```"])[0]
    assert (found.verdict, found.reason) == ("unknown", "tests not readable")


def test_verdicts_do_not_depend_on_order_on_repetition_or_on_all_tests(judge):
    programs = [ADD.reference, "def add(x, y): return x", ADD.reference, "def add(x, y): 1 / 0"]
    golds = [ADD.dump()] * 4
    once = judge.programs(golds, programs)
    assert judge.programs(golds, programs[::-1]) == once[::-1]
    with CodeJudge(replace(QUICK, all_tests=True), calibration=None) as other:
        assert other.programs(golds, programs) == once


def test_lengths_must_agree(judge):
    with pytest.raises(ValueError, match="zip"):
        judge([ADD.dump()], [])


def test_expected_outputs_never_enter_the_sandbox(judge):
    look = (
        "import gc, sys\n"
        "def add(x, y):\n"
        "    if x == 'a':\n"
        "        raise KeyError(str([o for o in gc.get_objects() if 'ecret' in str(o)])[:400])\n"
        "    return x + y"
    )
    tests = replace(ADD, expected=(*ADD.expected[:2], encode("the s" + "ecret")))
    assert verdict(judge, tests, look).verdict == "wrong"


def test_a_verdict_is_kept_and_found_again(tmp_path):
    golds, programs = [ADD.dump()] * 3, [ADD.reference, "def add(x, y): return x", "x ="]
    with CodeJudge(QUICK, VerdictCache(tmp_path, QUICK.grader()), calibration=None) as judge:
        first = judge.programs(golds, programs)
    with CodeJudge(QUICK, VerdictCache(tmp_path, QUICK.grader()), calibration=None) as judge:
        assert judge.programs(golds, programs) == first
        assert judge._sandbox is None  # nothing was run


def test_the_grader_names_python_its_options_and_weak_isolation():
    assert QUICK.grader() != CodeOptions().grader()
    assert "weak" in CodeOptions(isolation="subprocess").grader()
    assert "weak" not in CodeOptions().grader()


def test_weak_isolation_judges_alike():
    with CodeJudge(replace(QUICK, isolation="subprocess"), calibration=None) as judge:
        assert verdict(judge, ADD, ADD.reference).verdict == "correct"
        assert verdict(judge, ADD, "def add(x, y): return x").verdict == "wrong"


def test_limits_come_from_the_reference_solution():
    options = CodeOptions(cpu_floor=2, cpu_factor=10, cpu_default=7)
    assert program_limits(None, ADD, options).cpu == 7
    assert program_limits(0.01, ADD, options).cpu == 2
    assert program_limits(3.0, ADD, options).cpu == 30


def test_a_slow_reference_gives_its_programs_time(tmp_path):
    slow = "def add(x, y):\n    sum(range(20_000_000))\n    return x + y"
    tight = CodeOptions(cpu_floor=0.05, cpu_factor=10, cpu_default=0.05)
    with CodeJudge(tight, calibration=tmp_path) as judge:
        assert verdict(judge, replace(ADD, reference=slow), slow).verdict == "correct"
    kept = Calibration(tmp_path)
    assert kept.get(kept.key(replace(ADD, reference=slow))) > 0.05
    assert kept.get(kept.key(ADD)) is None
    with CodeJudge(tight, calibration=tmp_path) as judge:
        assert verdict(judge, ADD, slow).reason == "timeout"


def test_a_reference_that_fails_is_named(capsys):
    with CodeJudge(QUICK, calibration=None) as judge:
        verdict(judge, replace(ADD, reference="def add(x, y): return 0"), ADD.reference)
    assert "the reference solution of add" in capsys.readouterr().err


def test_damaged_calibrations_are_measured_again(tmp_path):
    (tmp_path / "1.jsonl").write_text('["a", 1.0]\n["b", 2.0\n[]\n{"c": 1}\n')
    kept = Calibration(tmp_path)
    assert kept.get("a") == 1.0
    assert kept.get("b") is None


def test_short_inputs_run_first_where_the_first_failure_ends_it():
    assert order_cases(ECHO, QUICK) == (1, 0)
    assert order_cases(ECHO, replace(QUICK, cheapest_first=False)) == (0, 1)
    assert order_cases(ADD, replace(QUICK, all_tests=True)) == (0, 1, 2)


BUSY = """
def f(x):
    import time
    begun = time.process_time()
    while time.process_time() - begun < x:
        pass
    return x
"""


def test_without_a_reference_each_case_has_a_limit_of_its_own():
    options = replace(QUICK, cpu_default=0.7)
    for cases, expected in ((4, "all tests passed"), (3, "timeout")):
        seconds = 0.4 if cases == 4 else 60
        tests = Tests("f", (f"[{seconds}]",) * cases, (str(seconds),) * cases).dump()
        with CodeJudge(options, calibration=None) as judge:
            assert judge.programs([tests], [BUSY])[0].reason == expected


@pytest.mark.parametrize("reference", [None, "def f(x):\n    return 1"])
def test_a_module_stays_from_case_to_case(judge, reference):
    tests = Tests("f", ("[1]", "[2]"), ("1", "1"), reference=reference)
    kept = "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)"
    assert verdict(judge, tests, kept)[:2] == ("wrong", "wrong output")


def test_the_entry_is_the_method_or_the_bare_function():
    assert find_entry("Solution.f", "def f(x): pass") == "f"
    assert find_entry("Solution.f", "class Solution: pass\ndef f(x): pass") == "Solution.f"
    assert find_entry("f", "class Solution: pass") == "f"
    assert find_entry(None, "f") is None


def test_expected_outputs_are_what_references_return():
    bare = replace(ADD, expected=())
    assert completed([ADD, bare], QUICK) == [ADD, ADD]
    with pytest.raises(ReferenceSolutionError, match="does not answer input 1") as caught:
        completed([ADD, replace(bare, reference="def add(x, y): return abs(x)")], QUICK)
    assert caught.value.number == 1


FIRST_SLOW = """
n = int(input())
if n == 1:
    for i in range(1_500_000):
        n += 1
    print("no")
elif n == 2:
    raise KeyError(n)
else:
    print("x")
"""


@pytest.mark.parametrize("all_tests", [False, True])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_first_failing_case_says_why_whichever_ends_first(workers, all_tests):
    cases = ("0\n", "1\n", "2\n", "2\n", "2\n")
    tests = Tests(None, cases, ("x",) * 5, comparison={"kind": "text"}).dump()
    other = FIRST_SLOW.replace("n == 1", "n == 7")
    options = replace(QUICK, all_tests=all_tests, cpu_default=5.0)
    with CodeJudge(options, calibration=None, workers=workers) as judge:
        said = judge.programs([tests] * 3, [FIRST_SLOW, other, FIRST_SLOW + "#"])
    assert [one.reason for one in said] == ["wrong output", "error: KeyError", "wrong output"]


@pytest.mark.parametrize(
    "tests",
    [
        replace(ADD, expected=("3", "(4)", "1")),
        replace(ADD, inputs=("[1,2]", "[1,2]", "3")),
        replace(ADD, comparison={"kind": "root"}),
        replace(ADD, comparison={"kind": "text"}),
        replace(ADD, prelude=3),
        replace(ECHO, expected=("6", 7)),
    ],
)
def test_tests_that_can_judge_nothing_decide_nothing(judge, tests):
    assert verdict(judge, tests, "def add(x, y): return 3")[:2] == (
        "unknown",
        "tests not readable",
    )


@pytest.mark.parametrize(
    ("body", "unordered", "exact"),
    [
        ("return [1, 2]", True, True),
        ("return filter(None, [2, 0, 1])", True, False),
        ("return (i for i in (1, 2, 2))", True, False),
        ("return {1: 0, 2: 0}.keys()", True, False),
        ("return map(int, '12')", True, False),
        ("yield from (1, 2)", True, False),
        ("yield from (1, 2, 3)", False, False),
        ("return (1 / i for i in (1, 0))", False, False),
        ("return __import__('itertools').count().__iter__()", False, False),
        ("return (i for i in iter(int, 1))", False, False),
        ("return [filter(None, [1, 2])]", False, False),
    ],
)
def test_what_can_be_iterated_over_is_a_set_and_nothing_else(judge, body, unordered, exact):
    for kind, right in (("unordered", unordered), ("exact", exact), ("close", exact)):
        tests = Tests("f", ("[]",), (encode([1, 2]),), comparison={"kind": kind})
        said = verdict(judge, tests, f"def f():\n    {body}")
        assert said.verdict == ("correct" if right else "wrong")


def test_a_reference_that_returns_a_generator_is_refused():
    tests = Tests("f", ("[]",), (), reference="def f():\n    yield 1")
    with pytest.raises(ReferenceSolutionError, match="equal to nothing"):
        completed([tests], QUICK)


def test_half_a_character_ends_no_run(judge):
    gold = ADD.dump()
    right = "def add(x, y):\n    return x + y  # \ud83d"
    texts = [f"```python\n{right}\n```", "\udc00 none", "```python\n\ud800\n```", right]
    judged = judge([gold] * 4, texts)
    assert [one.verdict for one in judged] == ["correct", "wrong", "wrong", "correct"]
    assert judged[0].answer.encode().endswith("# \ufffd".encode())
    assert judge.programs([gold], [right])[0].verdict == "correct"


def test_programs_that_agree_on_another_output_are_listed():
    tests = Tests(None, ("3\n",), ("1 2\n",), comparison={"kind": "text"}).dump()
    agreeing = [f"print(2, 1)\nx{n} = {n}" for n in range(5)]
    copies = [f"print(3)  # {n}" for n in range(9)]  # comments do not make another program
    with CodeJudge(QUICK, calibration=None) as judge:
        judge.programs([tests] * 15, [*agreeing[:4], *copies, "print(1, 2)", "1 / 0"])
        assert judge.list_agreements() == []
        judge.programs([tests], agreeing[4:])
        (agreement,) = judge.list_agreements()
    assert agreement[:4] == (digest(tests), 0, 5, 7)
    assert (agreement.output, agreement.expected) == ("2 1", "1 2\n")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("If there are multiple solutions, you may print any of them.", "multiple-answers"),
        ("If multiple solutions exist, any of them will be accepted.", "multiple-answers"),
        ("If there are several\nanswers, output any.", "multiple-answers"),
        ("Return the indices in any order.", "multiple-answers"),
        ("Any valid answer is accepted.", "multiple-answers"),
        ("Print any of these.", "multiple-answers"),
        ("The absolute or relative error must be at most 10^-6.", "tolerance"),
        ("This is an interactive problem.", "interactive"),
        ("You may cross the bridges in any order. Print the cost.", None),
        ("There are multiple ways to obtain a. Print their number.", None),
        ("Print the absolute difference.", None),
        ("Print Yes if any of them is red.", None),
    ],
)
def test_statements_that_accept_several_outputs(statement, reason):
    assert find_unjudgeable(statement) == reason
