"""The console command: documented, with a worked example each, and clear about mistakes."""

import importlib
import inspect
import re
import shutil
import subprocess
import sys
from importlib.metadata import version

import pytest
import typer
from tests.conftest import ROOT

from passk.cli import check, compose, params
from passk.cli.app import format_help, load_command, module_of
from passk.cli.commands import COMMANDS, COMMANDS_BY_PURPOSE
from passk.config.composition import compose_text
from passk.config.composition_sources import shipped_folder
from passk.core.yaml_files import ParameterError

TEMPLATES = ROOT / "src/passk/data/templates"


def passk(*arguments: str, cwd=ROOT) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", "from passk.cli.app import main; main()", *arguments],
        cwd=cwd, text=True, capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_worked_example(name):
    text = importlib.import_module(module_of(name)).main.__doc__
    assert f"Example: passk {name}" in text


def test_every_command_is_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"passk {name}" not in readme] == []


def test_help_lists_the_commands_by_purpose_and_imports_none():
    probe = "import sys; from passk.cli.app import main\ntry: main()\nfinally: print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", probe, "--help"], text=True, capture_output=True, check=True
    )
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert all(f"\n{purpose}:" in done.stdout for purpose in COMMANDS_BY_PURPOSE)
    heavy = {"polars", "numpy", "pydantic", "rich", "dvc", *(f"passk.cli.{n}" for n in COMMANDS)}
    assert heavy & set(done.stdout.split()) == set()


def test_help_says_of_each_command_what_its_module_says():
    first = {
        name: format_help(inspect.getdoc(importlib.import_module(module_of(name)).main) or "")
        for name in COMMANDS
    }
    assert {name: text.partition("\n\n")[0] for name, text in first.items()} == COMMANDS


def test_the_version_is_shown():
    assert passk("--version").stdout == f"passk {version('passk')}\n"


def test_a_command_that_there_is_not_is_named_with_the_nearest():
    done = passk("jugde")
    assert done.returncode == 2
    assert "No such command 'jugde'. Did you mean 'judge'?" in done.stderr


def test_a_mistake_is_a_message_and_an_exit_code(tmp_path):
    (tmp_path / "params.yaml").write_text("study: [\n")
    done = passk("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "not valid YAML" in done.stderr
    assert "Traceback" not in done.stderr
    done = passk("prune", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_help_breaks_no_line_in_a_sentence():
    for name in COMMANDS:
        for paragraph in load_command(name).help.split("\n\n"):
            assert paragraph.startswith("\b\nExample: ") or "\n" not in paragraph
            assert paragraph.count("Example:") <= 1


def test_an_example_stands_on_one_line_and_no_option_is_cut_short():
    shown = passk("judge", "--help").stdout
    assert "--allow-set-relation-comp / --no-allow-set-relation-comp" in shown
    assert re.search(
        r"^ *Example: passk judge .* --domain code --out verdicts.parquet$", shown, re.M
    )


@pytest.fixture
def imported(tmp_path):
    """A folder of the imported study, with its data."""
    folder = tmp_path / "mine"
    shutil.copytree(shipped_folder() / "imported", folder)
    (folder / "params.yaml").write_text(compose_text(folder))
    return folder


@pytest.mark.parametrize("name", ["params.yaml", "study.yaml"])
def test_check_looks_for_data_below_the_folder_of_the_file(imported, name, monkeypatch, capsys):
    monkeypatch.chdir(imported.parent)
    check.main(imported.relative_to(imported.parent) / name, resolved=False)
    assert "is legal: 1 sets" in capsys.readouterr().out
    shutil.rmtree(imported / "data")
    with pytest.raises(typer.Exit):
        check.main(imported / name, resolved=False)
    assert "imported.example.path" in capsys.readouterr().err


def test_templates_of_ones_own_lie_below_the_folder_of_study_yaml(imported, monkeypatch):
    (imported / "mine.yaml").write_bytes((TEMPLATES / "plain.yaml").read_bytes())
    with (imported / "study.yaml").open("a") as study:
        study.write("defaults: {draws: {template: mine.yaml}}\n")
    monkeypatch.chdir(imported.parent)
    assert "template: mine.yaml" in compose_text(imported)


def test_values_of_an_illegal_file_are_not_left_out_without_a_word(imported, capsys):
    params.main("seed", file=imported / "params.yaml")
    assert "value    2025" in capsys.readouterr().out
    text = (imported / "params.yaml").read_text()
    (imported / "params.yaml").write_text(text.replace("seed: 2025", "seed: many"))
    params.main("seed", file=imported / "params.yaml")
    assert "params.yaml is not legal, so no values are shown" in capsys.readouterr().out


def test_composing_by_force_needs_no_readable_file_and_loses_values_only_then(
    imported, monkeypatch
):
    monkeypatch.chdir(imported)
    path = imported / "params.yaml"
    path.write_text(path.read_text().replace("seed: 2025", "seed: 2026"))
    with pytest.raises(ParameterError, match="edited since it was composed: seed"):
        compose.main(check=False, force=False)
    path.write_text("study: [\n")
    compose.main(check=False, force=True)
    assert path.read_text() == compose_text(imported)
