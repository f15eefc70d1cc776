"""`passk export`: how much is written, and what is refused."""

from pathlib import Path

import click
import pytest
import typer
from typer.testing import CliRunner

from passk.commands import export


def run(*arguments):
    app = typer.Typer()
    app.command()(export.main)
    return CliRunner().invoke(app, ["d", "--set", "s", "--out", "x.jsonl", *arguments])


@pytest.mark.parametrize(("flag", "value"), [("--n", "0"), ("--problems", "-2")])
def test_fewer_than_one_is_refused(flag, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(flag, value)
    assert done.exit_code == 2
    assert flag in click.unstyle(done.output)
    assert not Path("x.jsonl").exists()


@pytest.mark.parametrize(
    ("sizes", "said"),
    [([8] * 12, "12 problems, 8 samples each"), ([2, 5, 3], "3 problems, 2 to 5 samples each")],
)
def test_what_was_written_is_said(sizes, said):
    found = [{"response": ["x"] * size} for size in sizes]
    assert export.summary(found) == said
