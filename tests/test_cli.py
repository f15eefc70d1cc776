"""The console command: documented, with a worked example each, and clear about mistakes."""

import importlib
import subprocess
import sys

import pytest
from tests.conftest import ROOT

from passk.cli.app import COMMANDS


def passk(*arguments: str, cwd=ROOT) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", "from passk.cli.app import main; main()", *arguments],
        cwd=cwd, text=True, capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_worked_example(name):
    text = importlib.import_module(f"passk.cli.{name}").main.__doc__
    assert f"Example: passk {name}" in text


def test_every_command_is_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"passk {name}" not in readme] == []


def test_help_lists_the_commands():
    shown = passk("--help").stdout
    assert all(name in shown for name in COMMANDS)


def test_a_mistake_is_a_message_and_an_exit_code(tmp_path):
    (tmp_path / "params.yaml").write_text("study: [\n")
    done = passk("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "not valid YAML" in done.stderr
    assert "Traceback" not in done.stderr
    done = passk("prune", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
