"""Cases from public reports about graders of programs, and variants of each of their kinds."""

import contextlib
import io
import json
import sys
import time
from collections import Counter

import pytest

from code_cases import FILE, judge_cases, read_cases
from passk.core.characters import well_formed
from passk.domains.code.extraction import extract
from passk.domains.code.judge import CodeJudge
from passk.domains.code.options import CodeOptions
from passk.domains.code.python_syntax import LONGEST, is_parseable
from passk.domains.code.sandbox.bubblewrap import SandboxError

# What takes seconds: sleep, deep recursion, processes, large memory.
LONG = {"tle-idle", "stack-256", "recursion-plain", "mp", "mem-1500"}
PACKAGES = {"np-scalar": ("numpy",)}  # `--package numpy` of the command
# Verdicts that are not the right ones, each with what stands in the way.
KNOWN = {
    "subproc": "guests start no processes, as in LiveCodeBench's and evalplus's harnesses",
    "mp": "the same",
}


def misjudged(cases, **options):
    with CodeJudge(CodeOptions(**options), calibration=None) as judge:
        return {
            case["id"]: verdict.verdict
            for case, verdict in zip(cases, judge_cases(judge, cases), strict=True)
            if verdict.verdict != case["expected"]
        }


def test_cases_have_their_verdicts():
    cases = [case for case in read_cases() if case["id"] not in LONG | PACKAGES.keys()]
    assert misjudged(cases).keys() <= KNOWN.keys()
    assert Counter(case["expected"] for case in cases).keys() == {"correct", "wrong"}


def test_cases_of_ones_own():
    assert misjudged(read_cases(FILE.with_name("own_code.jsonl"))) == {}


@pytest.mark.slow
def test_long_cases_have_their_verdicts():
    assert misjudged([case for case in read_cases() if case["id"] in LONG]).keys() <= KNOWN.keys()


@pytest.mark.slow
def test_packages_are_importable_where_they_are_named():
    (case,) = [case for case in read_cases() if case["id"] in PACKAGES]
    assert misjudged([case]) == {case["id"]: "wrong"}
    try:
        assert misjudged([case], packages=PACKAGES[case["id"]]) == {}
    except SandboxError as error:
        pytest.skip(str(error))


VARIANTS = json.loads((FILE.parent / "code_variants.json").read_text(encoding="utf-8"))
PIECES = {
    "{F}": "def f(x):\n    return x + 1",
    "{G}": "def f(x):\n    return x + 2",  # a draft, which is wrong
    "{P}": "n = int(input())\nprint(n + 1)",
    "{NINES}": "9" * 5000,
}


def spell(variant):
    for name, text in PIECES.items():
        variant = variant.replace(name, text)
    return variant


def run(response, entry, given, monkeypatch):
    """What an extracted program defines, and what it prints."""
    extracted = extract(well_formed(response), entry)
    assert extracted is not None, response
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    printed, module = io.StringIO(), {"__name__": "solution" if entry else "__main__"}
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(extracted.program, "<program>", "exec"), module)
    finally:
        sys.set_int_max_str_digits(limit)
    return module, printed.getvalue()


def test_the_function_of_a_response_is_read_whatever_stands_around_it(monkeypatch):
    for variant in VARIANTS["function"]:
        module, _ = run(spell(variant), "f", "", monkeypatch)
        call = module["f"] if "f" in module else module["Solution"]().f
        assert call(1) == 2, variant


def test_the_program_of_a_response_is_read_whatever_stands_around_it(monkeypatch):
    for variant in VARIANTS["printing"]:
        assert run(spell(variant), None, "1\n", monkeypatch)[1].strip() == "2", variant


@pytest.mark.parametrize(
    "response",
    [
        "<think>\n```python\n{F}\n```",
        "<think>{F}",
        "[THINK]{F}",
        "<think>{F}</think>",
        '{"code": "def f(x):\\n    return x + 1"}',
        "def f(x): return x +",
        "It is f(x) = x + 1.",
    ],
)
def test_drafts_and_texts_are_no_programs(response):
    assert extract(spell(response), "f") is None


LARGE = 1 << 16


SLOW_TO_PARSE = [
    "import a" + ".a" * (LARGE // 2 - 10),
    "from a" + ".a" * (LARGE // 2 - 20) + " import x",
    "import a" + "\\\n.a" * (LARGE // 4 - 10),
    "import a" + "\\\r\n.a" * (LARGE // 5 - 10),
    "if 1: import a" + " . a" * (LARGE // 4 - 10),
    "f'" + "{a}" * (LARGE // 3 - 5) + "'",
    "rF'''" + "{a}" * (LARGE // 3 - 5) + "'''",
    "a" + "\u0301\u0316" * (LARGE // 2 - 2),
    "x" * (LONGEST + 1),
]


@pytest.mark.parametrize("number", range(len(SLOW_TO_PARSE)))
def test_what_the_parser_takes_long_for_is_not_parsed(number):
    text = SLOW_TO_PARSE[number]
    assert not is_parseable(text)
    begun = time.process_time()
    for around in ("{}", "```python\n{}\n```", "<answer>{}</answer>"):
        extract(around.replace("{}", text), "f")
        extract(around.replace("{}", text), None)
    assert time.process_time() - begun < 3


def test_programs_of_usual_size_are_parsed():
    usual = "from a.b import c\nx = [" + "1.5, " * 2000 + "]\ny = f'{x} {c}'\n"
    assert is_parseable(usual + "# é \u0301\u0301\n" * 100)
