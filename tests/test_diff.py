"""`passk diff`: outputs at hand beside the digests that a commit promises."""

import hashlib
import subprocess

import pytest
from typer.testing import CliRunner

from passk.cli.app import application

LOCK = """schema: '2.0'
stages:
  draw@{item}:
    cmd: draw
    outs:
    - path: data/{item}
      md5: {md5}
"""


def commit(place):
    for command in (
        ["add", "-A"],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], cwd=place, check=True)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A repository whose lock promises two outputs, both at hand."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    (tmp_path / "data").mkdir()
    lock = "schema: '2.0'\nstages:\n"
    for item in ("a", "b"):
        (tmp_path / "data" / item).write_text(item)
        entry = LOCK.format(item=item, md5=hashlib.md5(item.encode()).hexdigest())
        lock += entry.split("stages:\n")[1]
    (tmp_path / "dvc.lock").write_text(lock)
    (tmp_path / ".gitignore").write_text("/data\n")
    commit(tmp_path)
    return tmp_path


def diff(*arguments):
    return CliRunner().invoke(application(), ["diff", *arguments])


@pytest.mark.usefixtures("place")
def test_equal_outputs_are_reproduced():
    done = diff()
    assert done.exit_code == 0
    assert done.stdout == "reproduced: 2 of 2 stages have the committed digests\n"


def test_another_byte_and_a_missing_file_are_named_by_stage_and_path(place):
    (place / "data/a").write_text("A")
    (place / "data/b").unlink()
    done = diff()
    assert done.exit_code == 1
    assert done.stdout.startswith("0 of 2 stages have the committed digests\n")
    assert "draw@a: data/a: is " in done.stdout
    assert "draw@b: data/b: missing" in done.stdout
    assert "data/a" not in diff("--brief").stdout


def test_it_is_the_committed_lock_that_counts_not_the_one_at_hand(place):
    (place / "data/a").write_text("A")
    lock = place / "dvc.lock"
    digests = [hashlib.md5(text).hexdigest() for text in (b"a", b"A")]
    lock.write_text(lock.read_text().replace(*digests))
    assert diff().exit_code == 1
    commit(place)
    assert diff().exit_code == 0
    assert diff("HEAD~1").exit_code == 1


def test_without_git_or_commit_the_message_says_what_is_missing(tmp_path, monkeypatch, place):
    assert "no dvc.lock of 'nothing' in git" in str(diff("nothing").exception)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert "git is not installed" in str(diff().exception)
