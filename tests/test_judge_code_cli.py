"""`passk judge --domain code`: evalplus-style files of programs."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
import typer
from tests.conftest import real_file
from typer.testing import CliRunner

from passk.cli import disagreements as flips
from passk.cli import judge
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests

PLUS = real_file("code/HumanEvalPlus-v0.1.10.jsonl.gz")
PROMPT = 'def add(x, y):\n    """Sum."""\n'


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(command, *arguments):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(map(str, arguments)))


def judged(*arguments):
    return run(judge.main, *arguments, "--domain", "code", "--out", "v.parquet")


def write(name, *values):
    Path(name).write_text("".join(json.dumps(value) + "\n" for value in values))


def table(name="p.jsonl", **more):
    tests = Tests("add", (encode([1, 2]),), (encode(3),))
    write(name, {"task_id": "a", "prompt": PROMPT, "tests": tests.dump()} | more)


def test_solutions_completions_and_responses():
    table()
    write(
        "s.jsonl",
        {"task_id": "a", "solution": "def add(x, y): return x + y"},
        {"task_id": "a", "completion": "    return x + y"},
        {
            "task_id": "a",
            "completion": "def add(x, y): return x + y",
        },  # the docstring is a body
        {"task_id": "a", "response": "So:\n```python\ndef add(x, y): return x + y\n```\n"},
        {"task_id": "a", "response": "I do not know."},
        {"task_id": "a", "solution": "def add(x, y): return x", "completion": "    return x + y"},
    )
    done = judged("s.jsonl", "--problems", "p.jsonl")
    assert done.exit_code == 0, done.output
    assert "6 samples of 1 problem, 4 correct, 2 wrong, 0 unknown" in done.output
    verdicts = pl.read_parquet("v.parquet")
    assert verdicts["reason"].to_list() == [
        "all tests passed", "all tests passed", "all tests passed", "all tests passed",
        "no program found", "wrong output",
    ]  # fmt: skip
    assert verdicts["answer"][1] == PROMPT + "    return x + y"
    assert verdicts["sample_index"].to_list() == list(range(6))
    assert verdicts["problem_id"].unique().to_list() == ["a"]
    assert verdicts["gold"].null_count() == 6, "programs are judged by tests"


def test_disagreements_reads_what_judge_writes():
    table()
    write(
        "s.jsonl",
        {"task_id": "a", "solution": "def add(x, y): return x + y", "passed": False},
        {"task_id": "a", "solution": "def add(x, y): return x", "passed": False},
    )
    done = judged("s.jsonl", "--problems", "p.jsonl", "--recorded-grade", "passed")
    assert "differ from the recorded grades: 1" in done.output
    assert run(flips.main, "v.parquet").exit_code == flips.DIFFERENT


@pytest.mark.parametrize(
    ("sample", "problem", "arguments", "message"),
    [
        (
            {"task_id": "b", "solution": ""},
            {},
            [],
            "s.jsonl, line 1: no problem with task_id 'b' in p.jsonl",
        ),
        (
            {"solution": ""},
            {},
            [],
            "s.jsonl, line 1: nothing tells which problem it answers: name a",
        ),
        (
            {"task_id": "a"},
            {},
            [],
            "line 1: no response at any usual name; the",
        ),
        (
            {"task_id": "a", "solution": ["x", 1]},
            {},
            [],
            "s.jsonl, line 1: response 1 is 1; expected text",
        ),
        ({"task_id": "a", "solution": ""}, {"tests": "{}"}, [], "p.jsonl, line 1: 'tests' cannot"),
        (
            {"task_id": "a", "solution": ""},
            {"tests": None},
            [],
            "1 of 1 answered problems have no tests, first 'a'",
        ),
        ({"task_id": "a", "solution": ""}, {}, ["--source", "humaneval"], "add --any-digest"),
        ({"task_id": "a", "solution": ""}, {}, ["--source", "human"], "humaneval"),
        (
            {"task_id": "a", "solution": None},
            {},
            [],
            "line 1: no response; say what",
        ),
        (
            {"task_id": "a", "solution": ""},
            {},
            ["--response", "text"],
            "no response at 'text'",
        ),
        (
            {"task_id": "a", "solution": ""},
            {},
            ["--sample-index", "n"],
            "no row has 'n'",
        ),
    ],
)
def test_errors_name_file_row_and_remedy(sample, problem, arguments, message):
    table(**problem)
    write("s.jsonl", sample)
    done = judged("s.jsonl", "--problems", "p.jsonl", *arguments)
    assert done.exit_code == 1
    assert message in done.output.replace("\n", " ")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"comparison": {"kind": "equal"}}, "no kind 'equal'; there are ["),
        ({"comparison": {}}, "an object with a `kind`"),
        ({"comparison": "exact"}, "an object with a `kind`"),
        ({"comparison": {"kind": "text"}}, "for programs that print"),
        ({"comparison": {"kind": "close", "atol": "1e-6"}}, "atol: expected a number"),
        ({"comparison": {"kind": "root"}}, "needs `atol`"),
        ({"comparison": {"kind": "root", "atol": 1e-4}}, "case 0: its values are not for"),
        ({"comparison": {"kind": "unordered"}}, "case 0: its values are not for"),
        ({"entry": None}, "for programs that print"),
        ({"entry": 3}, "entry: expected text or null"),
        ({"inputs": "[1]"}, "inputs and expected are lists"),
        ({"inputs": [[1, 2]]}, "inputs[0]: expected text"),
        ({"inputs": ["1"]}, "inputs[0]: expected the list of arguments"),
        ({"inputs": ["(1,)"]}, "inputs[0]: not an encoded value"),
        ({"inputs": []}, "0 inputs and 1 expected"),
        ({"expected": [3]}, "expected[0]: expected text"),
        ({"expected": ["(3)"]}, "expected[0]: not an encoded value"),
        ({"expected": ['{"h":"x"}']}, "expected[0]: no such tag"),
        ({"prelude": 1}, "prelude: expected text"),
        ({"reference": 1}, "reference: expected text or null"),
        ({"more": 1}, "unexpected keyword argument 'more'"),
    ],
)
def test_tests_made_by_hand_are_checked_at_their_row(more, message):
    sound = {"entry": "add", "inputs": ["[1,2]"], "expected": ["3"]}
    write("s.jsonl", {"task_id": "a", "solution": "def add(x, y): return x + y"})
    for tests in (sound | more, json.dumps(sound | more)):
        table(tests=tests)
        done = judged("s.jsonl", "--problems", "p.jsonl")
        assert done.exit_code == 1
        said = done.output.replace("\n", " ")
        assert "p.jsonl, line 1: 'tests' cannot be read (" in said
        assert message in said
    table(tests=sound)
    assert judged("s.jsonl", "--problems", "p.jsonl").exit_code == 0


def test_a_solution_that_is_null_is_none():
    table()
    write("s.jsonl", {"task_id": "a", "solution": None, "completion": "    return x + y"})
    assert "1 correct" in judged("s.jsonl", "--problems", "p.jsonl").output


def test_another_file_than_the_published_one_is_taken_where_told():
    one = {
        "task_id": "HumanEval/0",
        "prompt": PROMPT,
        "entry_point": "add",
        "canonical_solution": "    return x + y\n",
        "base_input": [[1, 2]],
        "plus_input": [[3, 4]],
        "atol": 0,
        "contract": "",
        "test": "",
    }
    write("p.jsonl", one)
    write("s.jsonl", {"task_id": "HumanEval/0", "completion": "    return x + y"})
    given = ("s.jsonl", "--problems", "p.jsonl", "--source", "humaneval_plus")
    assert "sha256: any" not in judged(*given).output
    done = judged(*given, "--any-digest")
    assert done.exit_code == 0, done.output
    assert "1 correct" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--any-digest"], "--any-digest: name the benchmark that the file is, with --source"),
        (["--isolation", "none"], "--isolation none: input should be 'bubblewrap' or 'subprocess'"),
        (["--packages", "a b"], "--packages a b: no legal name"),
        (["--holds", "poem"], "--holds poem: legal: response, program, completion"),
        (["--gold", "x"], "--gold: without effect with --domain code"),
        (["--float-rounding", "3"], "--float-rounding: without effect with --domain code"),
    ],
)
def test_a_wrong_option_is_a_fault_of_usage(arguments, message):
    table()
    write("s.jsonl", {"task_id": "a", "solution": ""})
    done = judged("s.jsonl", "--problems", "p.jsonl", *arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_a_part_of_the_problems_and_a_sample_twice():
    tests = Tests("add", (encode([1, 2]),), (encode(3),)).dump()
    write("p.jsonl", {"task_id": "a", "tests": tests}, {"task_id": "b", "tests": None})
    write("s.jsonl", {"task_id": "a", "solution": "", "n": 0})
    assert "not answered: 1 of 2 problems" in judged("s.jsonl", "--problems", "p.jsonl").output
    write("s.jsonl", *({"task_id": name, "solution": ""} for name in "ab"))
    given = ("s.jsonl", "--problems", "p.jsonl")
    assert "no tests, first 'b'; leave them out with --part" in judged(*given).output
    done = judged(*given, "--part")
    assert done.exit_code == 0
    assert "left out: 1 of 2 answered problems have no tests" in done.output
    write("s.jsonl", *[{"task_id": "a", "solution": "", "n": 0}] * 2)
    done = judged("s.jsonl", "--problems", "p.jsonl", "--sample-index", "n")
    assert "s.jsonl, line 2: sample 0 of problem 'a' stands twice in the file" in done.output


def test_programs_that_no_text_should_be_have_a_verdict():
    table()
    Path("s.jsonl").write_text(
        r"""{"task_id": "a", "solution": "x = '\ud800'\ndef add(x, y): return x + y"}
{"task_id": "a", "solution": "def add(x, y): return x + y\u0000"}
{"task_id": "a", "solution": ""}
{"task_id": "a", "response": "```python\ndef add(x, y): return x + y #\udfff\n```"}
"""
    )
    done = judged("s.jsonl", "--problems", "p.jsonl")
    assert done.exit_code == 0, done.output
    verdicts = pl.read_parquet("v.parquet")["verdict"].to_list()
    assert verdicts == ["correct", "wrong", "wrong", "correct"]


def test_packages_and_cut_programs(tmp_path):
    table()
    program = "import tomli_no_such\ndef add(x, y): return x + y"
    write(
        "s.jsonl",
        {"task_id": "a", "solution": program, "finish_reason": "stop"},
        {"task_id": "a", "solution": "def add(x, y): retu", "finish_reason": "length"},
        {"task_id": "a", "solution": "def add(x, y): return x + y", "finish_reason": "length"},
    )
    done = judged("s.jsonl", "--problems", "p.jsonl", "--memory-mib", 2048)
    assert done.exit_code == 0, done.output
    reasons = pl.read_parquet("v.parquet").select("verdict", "reason").rows()
    assert reasons == [
        ("wrong", "error: ModuleNotFoundError"), ("unknown", "truncated"),
        ("correct", "all tests passed"),
    ]  # fmt: skip


def test_problems_must_be_named():
    write("s.jsonl", {"task_id": "a", "solution": ""})
    assert "--problems" in judged("s.jsonl").output


@pytest.mark.slow
def test_the_canonical_solutions_of_humaneval_plus():
    with gzip.open(PLUS, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    write(
        "s.jsonl",
        *({"task_id": one["task_id"], "completion": one["canonical_solution"]} for one in rows),
    )
    done = judged("s.jsonl", "--problems", PLUS)
    assert done.exit_code == 0, done.output
    assert "164 samples of 164 problems, 164 correct, 0 wrong, 0 unknown" in done.output
