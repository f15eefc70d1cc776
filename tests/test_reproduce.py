"""A job of Snakemake: DVC locks and caches an execution only with what it had when it ran."""

import os
import subprocess
import sys

import pytest
from ruamel.yaml import YAML

# Runs as a stage: leaves the digest that the runner would leave, then may edit what DVC reads next.
COMMAND = """
import os
from pathlib import Path
from passk.core.files import write_text
from passk.pipeline.stamps import FINISHED
from passk.provenance.lock import LockEntry, path_digest

Path("out").write_text(Path("params.yaml").read_text() + Path("in").read_text())
read = Path("read")  # what the stage read, where it is not what DVC did
values = {"n": int(read.read_text()) if read.exists() else 1}
entry = LockEntry(
    "toy", "python toy.py", {"in": path_digest(Path("in"))}, {"params.yaml": values},
    {"out": path_digest(Path("out"))},
)
write_text(Path(os.environ[FINISHED]), entry.digest)
edit = Path("edit")
if edit.exists():
    name, text = edit.read_text().split(" ", 1)
    Path(name).write_text(text)
"""
DEFINITION = """
stages:
  toy:
    cmd: python toy.py
    params: [n]
    deps: [in]
    outs: [out]
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "dvc.yaml").write_text(DEFINITION)
    (tmp_path / "toy.py").write_text(COMMAND)
    (tmp_path / "params.yaml").write_text("n: 1\n")
    (tmp_path / "in").write_text("data\n")
    run(tmp_path, "dvc", "init", "-q", "--no-scm")
    return tmp_path


def run(folder, *command):
    return subprocess.run(
        command, cwd=folder, text=True, capture_output=True, check=False,
        env={**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"},  # noqa: PTH120
    )  # fmt: skip


def job(folder):
    return run(folder, sys.executable, "-m", "passk.pipeline.reproduce", "toy")


def locked(folder):
    path = folder / "dvc.lock"
    return YAML(typ="safe").load(path)["stages"] if path.exists() else {}


def test_an_execution_is_locked_with_what_it_had(project):
    assert job(project).returncode == 0
    assert locked(project)["toy"]["params"] == {"params.yaml": {"n": 1}}


def test_parameters_are_locked_as_they_were_before_the_command(project):
    (project / "edit").write_text("params.yaml n: 2\n")
    assert job(project).returncode == 0
    assert locked(project)["toy"]["params"] == {"params.yaml": {"n": 1}}


@pytest.mark.parametrize(("name", "text"), [("edit", "in other\n"), ("read", "2")])
def test_what_dvc_did_not_see_alike_is_not_kept(project, name, text):
    (project / name).write_text(text)
    done = job(project)
    assert done.returncode == 1
    assert "changed as it ended" in done.stderr
    assert locked(project) == {}
    assert not [p for p in (project / ".dvc/cache/runs").rglob("*") if p.is_file()]
    (project / name).unlink()
    (project / "in").write_text("data\n")
    assert job(project).returncode == 0
    assert "toy" in locked(project)
