"""The judge of answers about pictures: rules, hostile text, real responses with their grades."""

import csv
import doctest
import importlib
import pkgutil
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from passk.cli import disagreements as flips
from passk.cli import judge as judging
from passk.domains import visual
from passk.domains.grading import Reference
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.verdict import CORRECT, UNKNOWN, WRONG
from passk.domains.visual.gold import Gold, gold_of
from passk.domains.visual.judge import VisualJudge
from passk.domains.visual.options import VisualOptions

DISAGREEMENTS = Path(__file__).with_name("visual_disagreements.csv")

INTEGER = Gold("6", "integer")
TENTH = Gold("0.2", "float", precision=1)
METRES = Gold("1.5", "float", precision=1, unit="m")
LIST = Gold("[0.5, 2]", "list")
WORD = Gold("red panda", "text")
ROOT = Gold(r"2\sqrt{3}", "expression")
CHOICE = Gold("140°", "text", choices=("135°", "140°", "145°"))


@pytest.fixture(scope="module")
def judge():
    with VisualJudge(VisualOptions(), limits=WorkerLimits(timeout=1.0, count=1)) as found:
        yield found


CASES = [
    # numbers: units, markup, words, separators
    (INTEGER, r"\boxed{6}", CORRECT),
    (INTEGER, r"\boxed{6.0}", CORRECT),
    (INTEGER, "The answer is **6 yards**.", CORRECT),
    (INTEGER, "<think>7</think><answer> six </answer>", CORRECT),
    (INTEGER, r"\boxed{7}", WRONG),
    (INTEGER, r"\boxed{6.4}", WRONG),
    (INTEGER, r"\boxed{-6}", WRONG),
    (Gold("1200", "integer"), r"\boxed{1,200}", CORRECT),
    # the benchmark's precision
    (TENTH, r"\boxed{0.214}", CORRECT),
    (TENTH, r"\boxed{0.26}", WRONG),
    (TENTH, r"\boxed{\frac{1}{5}}", CORRECT),
    (Gold("0.21", "float", precision=2), r"\boxed{0.214}", CORRECT),
    (Gold("0.21", "float", precision=2), r"\boxed{0.2}", WRONG),
    # units of the answer
    (METRES, r"\boxed{1.5\text{ m}}", CORRECT),
    (METRES, r"\boxed{150}", WRONG),
    # lists: order and number
    (LIST, r"\boxed{[0.5, 2]}", CORRECT),
    (LIST, r"\boxed{(\frac{1}{2}, 2)}", CORRECT),
    (LIST, r"\boxed{[2, 0.5]}", WRONG),
    (LIST, r"\boxed{0.5}", WRONG),
    # words
    (WORD, "The answer is the Red Panda.", CORRECT),
    (WORD, r"\boxed{red fox}", WRONG),
    # LaTeX, by Math-Verify
    (ROOT, r"\boxed{\sqrt{12}}", CORRECT),
    (ROOT, r"\boxed{\sqrt{11}}", WRONG),
    # choices: letter, text, both; two letters name none
    (CHOICE, r"\boxed{B}", CORRECT),
    (CHOICE, r"\boxed{(B) 140°}", CORRECT),
    (CHOICE, r"\boxed{140^\circ}", CORRECT),
    (CHOICE, r"\boxed{A}", WRONG),
    (CHOICE, r"\boxed{(B) 135°}", WRONG),
    (CHOICE, r"\boxed{b}", CORRECT),
    # what the answer is not
    (INTEGER, "The answer is not 6.", WRONG),
    (INTEGER, "The answer cannot be 6.", WRONG),
    (INTEGER, "The answer isn't 6.", WRONG),
    (INTEGER, "The answer is not 7, the answer is 6.", CORRECT),
    (INTEGER, "The answer is 6, not 7.", CORRECT),
    (Gold("cat", "text", choices=("cat", "dog")), "The answer is not cat.", WRONG),
    # what makes another number of a number
    (INTEGER, r"\boxed{6!}", WRONG),
    (INTEGER, r"\boxed{6 factorial}", WRONG),
    (INTEGER, r"\boxed{6 dozen}", WRONG),
    (INTEGER, r"\boxed{6 trillion}", WRONG),
    (INTEGER, "The answer is 6!", CORRECT),
    # several numbers, and what is done to one
    (INTEGER, "The answer is 6 or 7.", WRONG),
    (INTEGER, "The answer is 6 - 7.", WRONG),
    (INTEGER, "The answer is 6².", WRONG),
    (INTEGER, "The answer is 6 squared.", WRONG),
    (INTEGER, "The answer is 6 square metres.", CORRECT),
    # choices by letter and by words
    (Gold("larger", "text", choices=("larger", "smaller")), "(A) smaller", WRONG),
    (Gold("larger", "text", choices=("larger", "smaller")), "It is not larger.", WRONG),
    (Gold("larger", "text", choices=("larger", "smaller")), "A", CORRECT),
    (WORD, "The answer is the Red-Panda.", CORRECT),
    # thoughts
    (INTEGER, r"<think>so \boxed{6}. No: </think> The answer is 7.", WRONG),
    (INTEGER, r"<think>so \boxed{7}. No: </think> The answer is 6.", CORRECT),
    (INTEGER, "<think>6</think>", WRONG),
    (INTEGER, "<think>The answer is 6", WRONG),
    # yes or no
    (Gold("yes", "text"), "Yes, the lines cross.", CORRECT),
    (Gold("Yes", "text"), "The answer is yes, because they cross.", CORRECT),
    (Gold("yes", "text"), "No.", WRONG),
    (Gold("cat", "text"), "The answer is a cat because it has whiskers.", CORRECT),
    # nothing stated
    (INTEGER, "", WRONG),
    (INTEGER, "I cannot see the picture.", WRONG),
]


@pytest.mark.parametrize(("gold", "text", "verdict"), CASES)
def test_rules(judge, gold, text, verdict):
    assert judge([gold.dump()], [text])[0].verdict == verdict


def test_three_values_when_a_response_was_cut(judge):
    golds = [INTEGER.dump()] * 4
    texts = [r"so \boxed{6}", r"so \boxed{7}", "so the answer is 6", r"<think>\boxed{6}? Let me"]
    cut = [v.verdict for v in judge(golds, texts, [True] * 4)]
    assert cut == [CORRECT, WRONG, UNKNOWN, UNKNOWN]  # a closed box stays as it is
    assert [v.reason for v in judge(golds, texts, [True] * 4)][2] == "truncated"


def test_a_reference_answer_that_is_not_of_its_type_is_unknown_not_wrong(judge):
    assert judge([Gold("many", "integer").dump()], [r"\boxed{6}"])[0].verdict == UNKNOWN
    assert judge(["{}"], [r"\boxed{6}"])[0].verdict == UNKNOWN


@pytest.mark.parametrize("text", ["6 cm", "It is 6.", r"\boxed{6}", "so 6 in total"])
def test_order_and_company_change_no_verdict(judge, text):
    alone = judge([INTEGER.dump()], [text])[0]
    golds = [ROOT.dump(), INTEGER.dump(), WORD.dump()]
    assert judge(golds, [r"\boxed{\sqrt{12}}", text, text])[1] == alone


def test_options_decide_verdicts_and_name_the_grader():
    said = ["It has 6 sides."], r"\boxed{6.9}"
    strict = VisualOptions(without_anchor=False)
    cutting = VisualOptions(truncate_integers=True)
    with VisualJudge(VisualOptions()) as usual, VisualJudge(strict) as other:
        assert usual([INTEGER.dump()], said[0])[0].verdict == CORRECT
        assert other([INTEGER.dump()], said[0])[0].verdict == WRONG
        assert usual([INTEGER.dump()], [said[1]])[0].verdict == WRONG
    with VisualJudge(cutting) as as_mathvista:
        assert as_mathvista([INTEGER.dump()], [said[1]])[0].verdict == CORRECT
    assert len({one.grader() for one in (VisualOptions(), strict, cutting)}) == 3


def test_answer_types_and_choices_that_no_rule_covers_name_the_problem():
    row = {"problem_id": "p7", "answer": "x", "choices": None, "precision": None, "unit": None}
    with pytest.raises(ValueError, match="problem p7: answer type 'sound'"):
        gold_of(Reference.of(row | {"answer_type": "sound"}))
    with pytest.raises(ValueError, match="problem p7: answer 'x' is none of its choices"):
        gold_of(Reference.of(row | {"answer_type": "text", "choices": ["y", "z"]}))


@pytest.mark.parametrize(
    "module", sorted(one.name for one in pkgutil.iter_modules(visual.__path__))
)
def test_examples_of_the_rules(module):
    assert doctest.testmod(importlib.import_module(f"{visual.__name__}.{module}")).failed == 0


# --- hostile text ----------------------------------------------------------------------------

HOSTILE = {
    "digits": "9" * 300_000,
    "boxed digits": r"\boxed{" + "9" * 300_000 + "}",
    "exponent": r"\boxed{10^{10^{10^{10}}}}",
    "float exponent": r"\boxed{1e999999999}",
    "braces": r"\boxed{" * 20_000,
    "closing braces": r"\boxed{6" + "}" * 200_000,
    "fractions": r"\boxed{" + r"\frac{1}{" * 3_000 + "2" + "}" * 3_001,
    "answer is": "the answer is " * 50_000,
    "answer tags": "<answer>" * 60_000,
    "blank lines": "\n" * 500_000,
    "commas": r"\boxed{[" + "1," * 100_000 + "]}",
    "parentheses": "(" * 300_000,
    "bold": "**" * 200_000,
    "words": "therefore six " * 60_000,
    "spaces": "answer" + " " * 500_000 + ":",
    "surrogates": r"\boxed{" + "\ud800" * 1_000 + "}",
    "null": r"\boxed{6" + "\x00" * 1_000 + "}",
    "number words": "twenty " * 60_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("gold", [INTEGER, TENTH, LIST, WORD, CHOICE], ids=lambda one: one.kind)
def test_hostile_text_gets_a_verdict_soon(judge, name, gold):
    """Far below what a catastrophic pattern would take: time grows in proportion to length."""
    begun = time.monotonic()  # with what its workers take
    (found,) = judge([gold.dump()], [HOSTILE[name]])
    assert found.verdict in {CORRECT, WRONG, UNKNOWN}
    assert time.monotonic() - begun < 20


# --- real responses with recorded grades -----------------------------------------------------

# Responses, problems, options, how many, how many of them recorded as correct, rows of the table.
BARD, GEMINI = "mathvista_bard.json", "mathvision_gemini_pro_cot.jsonl"
FILES = {
    "mathvista, free-form": (
        BARD, "mathvista_testmini.json", ["--free-form"], 460, 85, ("mathvista", ["no"]),
    ),
    "mathvision, free-form": (
        GEMINI, "mathvision_testmini.jsonl", ["--free-form", "--part"], 114, 10, None,
    ),
    "mathvista": (BARD, "mathvista_testmini.json", [], 1000, 348, ("mathvista", ["no", "yes"])),
    "mathvision": (GEMINI, "mathvision_test.jsonl", [], 3040, 436, ("mathvision", ["no", "yes"])),
}  # fmt: skip


def run(command, *arguments):
    app = typer.Typer()
    app.command()({"judge": judging.main, "disagreements": flips.main}[command])
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kappa(first: pl.Series, second: pl.Series) -> float:
    """Cohen's kappa of two series of booleans, by its definition."""
    observed = float((first == second).mean())
    p, q = float(first.mean()), float(second.mean())
    chance = p * q + (1 - p) * (1 - q)
    return (observed - chance) / (1 - chance)


@pytest.mark.parametrize("name", FILES)
def test_real_responses_agree_with_their_recorded_grades(there, real, name):
    responses, problems, more, number, right, listed = FILES[name]
    done = run(
        "judge", real / f"samples/{responses}", "--problems", real / f"visual/{problems}",
        "--domain", "visual", *more, "--out", "v.parquet",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    table = pl.read_parquet("v.parquet")
    assert table.height == number
    assert table["recorded_grade"].sum() == right
    found = table["verdict"] == CORRECT
    assert kappa(found, table["recorded_grade"]) >= 0.95
    rows = list(csv.DictReader(DISAGREEMENTS.open()))
    assert {row["class"] for row in rows} <= {"grader", "extraction", "recorded grade"}
    # Whole benchmarks number their problems from 1. All disagreements are explained, and no more.
    differing = table.filter(found != pl.col("recorded_grade"))
    told = {(str(index + 1), verdict) for index, verdict in differing["index", "verdict"].rows()}
    explained = {
        (row["problem"], row["judged"])
        for row in rows
        if listed and row["benchmark"] == listed[0] and row["choices"] in listed[1]
    }
    assert told == explained
    shown = run("disagreements", "v.parquet")
    assert f"Cohen's kappa {kappa(found, table['recorded_grade']):.4f}" in shown.output


def test_what_would_be_ignored_or_is_not_there_is_refused(there):
    Path("r.jsonl").write_text('{"id": "1", "response": "6"}\n')
    Path("p.jsonl").write_text('{"id": "1"}\n')
    visual = ("judge", "r.jsonl", "--domain", "visual", "--out", "v.parquet")
    for more, said in {
        ("--problems", "nope.jsonl"): "nope.jsonl: no such file",
        ("--problems", "p.jsonl"): "say which with --source: mathvista_testmini",
    }.items():
        done = run(*visual, *more)
        assert done.exit_code == 1
        assert said in " ".join(done.output.split())
    Path("p.jsonl").write_text('{"id": "1", "answer": "6", "answer_type": "integer"}\n')
    for option, said in {
        "--response": "r.jsonl, line 1: no response at 'nope'",
        "--problem-id": "r.jsonl, line 1: nothing tells which problem it answers: no 'nope'",
        "--gold": "p.jsonl, line 1: no column 'nope'",
    }.items():
        done = run(*visual, "--problems", "p.jsonl", option, "nope")
        assert done.exit_code == 1
        assert said in " ".join(done.output.split())
    done = run("judge", "r.jsonl", "--domain", "math", "--free-form", "--out", "v.parquet")
    assert done.exit_code == 2
    assert "--free-form: without effect with --domain math" in " ".join(done.output.split())


def test_a_table_with_answer_types_needs_no_benchmark(there):
    Path("r.csv").write_text("pid,response\nx,Answer: B\ny,6\nz,3.46\n")
    Path("p.jsonl").write_text(
        '{"pid": "x", "answer": "two", "answer_type": "text", "choices": ["one", "two"]}\n'
        '{"pid": "y", "answer": 6, "answer_type": "integer", "choices": null}\n'
        '{"pid": "z", "answer": "3.5", "answer_type": "float", "precision": 1}\n'
    )
    visual = ("--domain", "visual", "--out", "v.parquet")
    done = run("judge", "r.csv", "--problems", "p.jsonl", *visual)
    assert done.exit_code == 0, done.output
    assert "3 samples of 3 problems, 3 correct" in done.output
    done = run("judge", "r.csv", "--problems", "p.jsonl", *visual, "--free-form")
    assert "left out: 1 of 3 problems, with answers to choose from" in done.output


def test_files_that_do_not_belong_together_are_named(there, real):
    gemini = real / "samples/mathvision_gemini_pro_cot.jsonl"
    testmini = real / "visual/mathvision_testmini.jsonl"
    visual = ("--domain", "visual", "--out", "v.parquet")
    others = run("judge", gemini, "--problems", testmini, *visual)
    assert others.exit_code == 1
    assert "line 1: no problem with id '1' in" in others.output
    assert "--part" in others.output
    bare = run("judge", gemini, *visual)
    assert "--problems" in bare.output
    unknown = run("judge", gemini, "--problems", gemini, *visual)
    assert unknown.exit_code == 1
    assert "--source" in unknown.output
    assert not Path("v.parquet").exists()


def test_the_judge_needs_neither_torch_nor_pillow():
    script = (
        "import sys, passk.domains.visual.judge\n"
        "print(sorted({'torch', 'PIL', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
