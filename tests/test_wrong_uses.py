"""Wrong uses of the commands that read and write samples: one line each, and nothing is written."""

import json
from pathlib import Path

import click
import pytest
from typer.testing import CliRunner

from passk.cli.app import application
from passk.cli.outputs import faults_of_folder

ROW = {"problem": "1 + 1?", "gold": "2", "response": r"\boxed{2}", "correct": 1}
TESTS = {"entry": "add", "inputs": ["[1,2]"], "expected": ["3"]}
FILES = {
    "a.jsonl": ROW,
    "null.jsonl": ROW | {"response": None},
    "p.jsonl": {"problem": "1 + 1?", "answer": "2"},
    "tasks.jsonl": {"task_id": "add", "prompt": "add", "tests": TESTS},
    "code.jsonl": {"task_id": "add", "response": "```python\ndef add(x, y): return 3\n```"},
}
JUDGE = ["judge", "a.jsonl", "--out", "out.parquet"]
IMPORT = ["import", "a.jsonl", "--out", "out.parquet"]
COMPARE = ["compare", "a.jsonl", "--with", "a.jsonl", "--out", "out.html"]
COUNTS = ["compare", "c.csv", "--with", "c.csv", "--counts", "--out", "out.html"]
BESIDE = ["--problems", "p.jsonl"]

# Of every command that reads samples.
READING = [
    (["--as", ""], "format '' is unknown; legal: batch"),
    (["--column", "gold="], "--column gold=: names no column"),
    (["--column", "=x"], "expected NAME=VALUE"),
    (["--column", "gold=gold", "--column", "gold=x"], "--column: gold is 'gold' and 'x'"),
    (["--column", "recorded_grade=x"], "'x', which was named for the recorded grade"),
    (["--column", "sample_index=x"], "'x', which was named for the sample index"),
    (["--column", "finish_reason=x"], "'x', which was named for the finish reason"),
    (["--column", "set=x"], "no row has 'x'"),
    (["--column", "step=x"], "no row has 'x'"),
    (["--column", "tokens=problem"], "number of tokens is '1 + 1?'"),
    (["--column", "seed=problem"], "seed is '1 + 1?'"),
    (["--column", "response=gold[0]"], "no response at 'gold[0]'"),
    (["--where", "none=1"], "line 1 has no none"),
    (["--where", "correct=1", "--where", "correct=0"], "--where: correct is '1' and '0'"),
    (["--grade-from", "nan"], "--grade-from nan: expected a finite number"),
    (["--grade-from", "inf"], "--grade-from inf: expected a finite number"),
    (["--problems", "."], ".: a folder; name a file"),
    (["--stop", ""], "--stop ''"),
]
# Of those that judge them.
JUDGING = [
    (["--missing", ""], "legal:"),
    (["--domain", "Math"], "did you mean 'math'"),
    (["--domain", "visual", *BESIDE], "p.jsonl, line 1: no column 'answer_type'"),
    (["--source", "gsm8k"], "--source: says how to read --problems; add it"),
    (["--any-digest"], "--any-digest: says how to read --problems; add it"),
    (["--problems-id", "x"], "--problems-id: says how to read --problems; add it"),
    (["--timeout", "nan"], "--timeout nan: input should be a finite number"),
    (["--timeout", "0"], "--timeout 0.0: input should be greater than 0"),
    (["--workers", "0"], "--workers 0"),
    (["--memory-gib", "0"], "--memory-gib 0.0"),
    (["--float-rounding", "-1"], "--float-rounding -1"),
    (["--isolation", "subprocess"], "--isolation: without effect with --domain math"),
    (["--cpu-factor", "2"], "--cpu-factor: without effect with --domain math"),
]
OF_CODE = ["code.jsonl", "--domain", "code", "--problems", "tasks.jsonl"]
CASES = [
    *[([*base, *options], message) for options, message in READING
      for base in (JUDGE, IMPORT, COMPARE)],
    *[([*base, *options], message) for options, message in JUDGING for base in (JUDGE, COMPARE)],
    (["judge", "null.jsonl", "--out", "out.parquet"], "say what a missing response counts as"),
    (["judge", "", "--out", "out.parquet"], "'': no name of a file"),
    (["judge", *OF_CODE, "--out", "out.parquet", "--packages", "a;b"], "--packages a;b: no legal"),
    (["judge", *OF_CODE, "--out", "out.parquet", "--holds", "text"], "--holds text: legal"),
    (["judge", *OF_CODE, "--out", "out.parquet", "--gold", "x"], "--gold: without effect"),
    ([*JUDGE, *BESIDE, "--problems-id", "x"], "p.jsonl, line 1: no column 'x'"),
    ([*JUDGE, *BESIDE, "--source", "humaneval_plus"], "humaneval_plus needs --domain code"),
    ([*JUDGE, *BESIDE, "--any-digest"], "--any-digest: name the benchmark"),
    ([*JUDGE, "--gold", "gold", "--column", "gold=x"], "--column: gold is 'x' and 'gold'"),
    ([*JUDGE, "--problem-id", ""], "--column problem_id=: names no column"),
    ([*JUDGE, "--free-form"], "--free-form: without effect with --domain math"),
    ([*JUDGE, "--part"], "--part: says how to read --problems; add it"),
    ([*JUDGE, "--out", "out.txt"], "end it in .parquet, .jsonl, .csv"),
    ([*IMPORT, "--study", ""], "--study ''"),
    ([*IMPORT, "--study", "../x"], "--study '../x': names an entry"),
    ([*COMPARE, *BESIDE, "--source", "gsm8k"], "--source: without effect with --domain math"),
    ([*COMPARE, *BESIDE, "--problems-id", "id"], "--problems-id: without effect"),
    ([*COMPARE, "--name", "a", "--name", "a"], "--name: give two names that differ"),
    ([*COMPARE, "--tables", "a.jsonl"], "--tables a.jsonl: a file"),
    ([*COMPARE, "--tables", "."], "--tables .: holds what must stay"),
    ([*COUNTS, "--any-digest"], "--any-digest: without effect with --counts"),
    ([*COUNTS, "--column", "correct=n,n,n"], "--column correct=n,n,n: expected a column, or A,B"),
    ([*COUNTS, "--column", "correct=,n"], "--column correct=,n: expected a column"),
    ([*COUNTS, "--column", "set=x"], "c.csv, line 2: no column 'x', which was named for set"),
    ([*COUNTS, "--column", "unknown=x"], "no column 'x', which was named for unknown"),
    (["new", "x", "--like", "compar"], "did you mean 'compare'"),
    (["new", "folder", "--like", "compare"], "folder: not empty"),
]  # fmt: skip
# What the command line itself refuses, in typer's form.
ILL_FORMED = [
    [*COMPARE, "--level", "95"], [*COMPARE, "--resamples", "1"], [*COMPARE, "--seed", "-1"],
    [*COMPARE, "--min-n", "0"], [*COMPARE, "--grade-from", "x"], ["judge", "a.jsonl"],
    ["new", "x"], ["export"],
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong")
    for name, row in FILES.items():
        (folder / name).write_text(json.dumps(row) + "\n")
    (folder / "c.csv").write_text("problem,n,correct\n1,4,2\n")
    (folder / "folder").mkdir()
    (folder / "folder" / "x").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield


@pytest.mark.parametrize(("arguments", "message"), CASES, ids=lambda value: str(value)[:60])
def test_a_wrong_use_is_one_line_and_writes_nothing(arguments, message):
    before = sorted(Path().iterdir())
    done = CliRunner().invoke(application(), arguments)
    error = done.stderr or str(done.exception)  # `passk.cli.app.main` prints what is raised
    assert done.exit_code in {1, 2}, done.output
    assert message in error
    assert len(error.strip().splitlines()) == 1, error
    assert "Traceback" not in error
    assert sorted(path for path in Path().iterdir() if path.name != ".passk") == before


@pytest.mark.parametrize("arguments", ILL_FORMED, ids=lambda arguments: " ".join(arguments)[-40:])
def test_an_ill_formed_command_line_says_which_option_is_wrong(arguments):
    done = CliRunner().invoke(application(), arguments)
    assert done.exit_code == 2
    message = click.unstyle(done.stderr).partition("Error: ")[2]
    assert len(message.strip().splitlines()) == 1, done.stderr


def test_a_folder_is_replaced_only_if_a_command_wrote_all_of_it(tmp_path):
    def faults(folder):
        own = {"README.md", "data/samples.parquet"}
        return list(faults_of_folder(folder, [tmp_path / "kept" / "in"], own.__contains__, "--out"))

    own = tmp_path / "own"
    (own / "data").mkdir(parents=True)
    (own / "data" / "samples.parquet").touch()
    (own / "README.md").touch()
    assert not faults(own)
    (own / "data" / "other.parquet").touch()
    assert "holds data, which this command did not write" in faults(own)[0]
    (tmp_path / "kept").mkdir()
    assert "holds what must stay" in faults(tmp_path / "kept")[0]
