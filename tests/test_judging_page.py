"""docs/judging/README.md shows what the command prints."""

import re
import shlex
from pathlib import Path

import pytest
from tests.conftest import ROOT
from typer.testing import CliRunner

from passk.cli.app import application
from passk.data.usual_columns import USUAL

PAGE = (ROOT / "docs/judging/README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^([^\n]+:)\n\n```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
GRADER = re.compile(r"grader .*")  # names a version and a digest, which may change


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """The files that the page shows, each named in the line before it."""
    monkeypatch.chdir(tmp_path)
    Path("two.jsonl").write_text('{"question": "?", "gold": 7, "response": "7", "output": "9"}\n')
    for before, language, text in BLOCKS:
        if language in {"json", "csv"}:
            Path(re.findall(r"`(\w+\.\w+)`", before)[-1]).write_text(text)


def consoles():
    return [text for _, language, text in BLOCKS if language == "console"]


@pytest.mark.parametrize("text", consoles(), ids=lambda text: text.split("\n")[0][2:])
def test_the_command_prints_what_the_page_shows(text):
    command, _, shown = text.partition("\n")
    done = CliRunner().invoke(application(), shlex.split(command.removeprefix("$ passk ")))
    assert GRADER.sub("grader", done.output) == GRADER.sub("grader", shown)


def test_the_page_has_an_example_of_each_domain_and_the_names_of_columns():
    assert len(consoles()) == 4
    for kind, usual in USUAL.items():
        (row,) = re.findall(rf"^\| `--{kind.replace('_', '-')}` \|(.*)$", PAGE, re.MULTILINE)
        names = set(re.findall(r"`(\w+)`", row))
        assert names <= {*usual.sure, *usual.likely, "solution", "code_list"}
        assert usual.sure[0] in names or kind == "recorded_grade"
