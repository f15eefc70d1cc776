"""`passk judge`: anybody's file, outside a study."""

import json
from pathlib import Path

import click
import polars as pl
import pytest
import typer
from tests.conftest import needs_real, real_file
from typer.testing import CliRunner

from passk.cli.judge import main

QWEN = "samples/math_qwen_100x8.jsonl"
REAL = real_file(QWEN)


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def judge(*arguments):
    app = typer.Typer()
    app.command()(main)
    return CliRunner().invoke(app, list(map(str, arguments)))


def write(name, *values):
    Path(name).write_text("".join(json.dumps(value) + "\n" for value in values))


@needs_real(QWEN)
def test_real_responses():
    done = judge(REAL, "--gold", "gt", "--out", "verdicts.parquet")
    assert done.exit_code == 0, done.output
    assert "729 correct, 71 wrong, 0 unknown" in done.output
    assert "solved at least once: 97 of 100" in done.output
    assert "differ from the recorded grades: 1" in done.output


def test_responses_joined_with_problems_by_id():
    write(
        "p.jsonl",
        {"id": 1, "question": "1+1?", "answer": 2},
        {"id": 2, "question": "x?", "answer": "x+1"},
    )
    write("r.jsonl", {"id": 2, "response": r"\boxed{1+x}"}, {"id": 1, "response": "3"})
    done = judge("r.jsonl", "--problems", "p.jsonl", "--domain", "math", "--out", "v.parquet")
    assert done.exit_code == 0, done.output
    verdicts = pl.read_parquet("v.parquet").sort("gold")
    assert verdicts.select("gold", "verdict").rows() == [("2", "wrong"), ("x+1", "correct")]


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ({"id": 9, "response": "3"}, "r.jsonl, line 1: no problem with id '9'"),
        ({"id": 1, "respons": "3"}, "no column 'response'; found"),
        ({"id": 1, "response": "3"}, "p.jsonl, line 2: a problem without a response"),
    ],
)
def test_faults_are_named_and_nothing_is_written(response, message):
    write(
        "p.jsonl",
        {"id": 1, "question": "1+1?", "answer": 2},
        {"id": 2, "question": "?", "answer": 3},
    )
    write("r.jsonl", response, *([response | {"id": 2}] if "respons" in response else []))
    done = judge("r.jsonl", "--problems", "p.jsonl", "--out", "v.parquet")
    assert done.exit_code == 1
    assert message in done.output
    assert not Path("v.parquet").exists()


def test_an_unknown_domain_is_named():
    write("r.jsonl", {"problem": "?", "gold": 1, "response": "1"})
    done = judge("r.jsonl", "--domain", "poetry", "--out", "v.parquet")
    assert done.exit_code == 1
    assert "--domain = 'poetry': unknown domain; legal: code, math, visual" in done.output


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("r.jsonl", "is an input and would be overwritten"),
        ("folder/../p.jsonl", "is an input and would be overwritten"),
        ("folder", "--out folder: a folder; name a file, e.g. folder/verdicts.parquet"),
        ("v.jsonl", "--out v.jsonl: verdicts are written as Parquet"),
    ],
)
def test_inputs_are_never_overwritten(out, message):
    Path("folder").mkdir()
    write("p.jsonl", {"id": 1, "question": "1+1?", "answer": 2})
    write("r.jsonl", {"id": 1, "response": "2"})
    before = {name: Path(name).read_bytes() for name in ("p.jsonl", "r.jsonl")}
    done = judge("r.jsonl", "--problems", "p.jsonl", "--out", out)
    assert done.exit_code == 1
    assert message in done.output
    assert {name: Path(name).read_bytes() for name in before} == before
    assert not Path("v.jsonl").exists()


@pytest.mark.parametrize(("flag", "value"), [("--workers", 0), ("--timeout", -1)])
def test_limits_out_of_range_name_their_flag(flag, value):
    write("r.jsonl", {"problem": "?", "gold": 1, "response": "1"})
    done = judge("r.jsonl", flag, value, "--out", "v.parquet")
    assert done.exit_code == 2
    assert flag in click.unstyle(done.output)
    assert "pydantic" not in done.output


@pytest.mark.parametrize(
    ("missing", "flag"), [("problem", "--problem"), ("gold", "--gold"), ("response", "--response")]
)
def test_a_missing_column_is_named_with_its_flag(missing, flag):
    row = {"problem": "?", "gold": 1, "response": "1"}
    write("r.jsonl", {key: value for key, value in row.items() if key != missing})
    done = judge("r.jsonl", "--out", "v.parquet")
    assert done.exit_code == 1
    assert done.output.rstrip().endswith(f"Name the right one with {flag}")
