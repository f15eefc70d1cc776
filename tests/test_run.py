"""The runner: parameters are checked before work, and what was meant to run is what ran."""

import os
import subprocess
import sys

import pytest
from tests.conftest import ROOT

from passk.config.paths import COMPONENTS, PARAMS
from passk.core.yaml_files import ParameterError
from passk.pipeline.dag import cached
from passk.pipeline.identity import current
from passk.pipeline.identity.guard import Guard
from passk.pipeline.identity.source_files import PACKAGE

STAGE = "problems@indomain"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A study whose stages are known, with its components; nothing of it ran."""
    monkeypatch.chdir(tmp_path)
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    subprocess.run(["dvc", "init", "-q", "--no-scm"], check=True)
    current.write_components()
    return tmp_path


@pytest.fixture
def stage(project):
    return cached().stages[STAGE]


def test_legal_parameters_are_checked_once_for_each_state(project):
    folder = project / current.FOLDER
    states = sorted(folder.glob("*.json"))
    current.read_identity()
    assert sorted(folder.glob("*.json")) == states
    PARAMS.write_text(PARAMS.read_text() + "\n# a comment\n")
    current.read_identity()
    assert len(sorted(folder.glob("*.json"))) == len(states) + 1


def test_illegal_parameters_are_refused_every_time(project):
    PARAMS.write_text(PARAMS.read_text().replace("\nseed: ", "\nseed: -"))
    for _ in range(2):
        with pytest.raises(ParameterError, match=r"seed = -\d+"):
            current.read_identity()


def test_a_stage_gets_its_parameters_with_defaults_filled_in(stage):
    guard = Guard.of(stage)
    assert set(guard.resolved) == {"study", "seed", "worlds"}
    assert set(guard.resolved["worlds"]) == {"indomain"}
    assert set(guard.resolved["worlds"]["indomain"]) >= set(guard.declared["worlds"]["indomain"])
    assert "skew" in guard.resolved["worlds"]["indomain"]
    entry = guard.stated["components.json"]["problems"]["indomain"]
    assert {"code", "parameters", "world.digits"} == set(entry)


def test_a_stage_runs_only_with_the_components_of_the_code(stage, project):
    Guard.of(stage).confirm()
    text = COMPONENTS.read_text()
    mark = Guard.of(stage).components["world.digits"]
    COMPONENTS.write_text(text.replace(mark, "0" * 16))
    with pytest.raises(current.IdentityError, match=r"world\.digits.*passk status"):
        Guard.of(stage)
    COMPONENTS.unlink()
    with pytest.raises(current.IdentityError, match="not of the code"):
        Guard.of(stage)


def test_a_parameter_changed_meanwhile_is_found_and_another_stages_is_not(stage):
    guard = Guard.of(stage)
    text = PARAMS.read_text()
    old = "  hard: {world: digits, split: hard"
    assert old in text
    PARAMS.write_text(text.replace(old, "  hard: {world: digits, split: train"))
    guard.confirm()
    PARAMS.write_text(text.replace("seed: ", "seed: 1", 1))
    with pytest.raises(current.IdentityError, match=r"changed while the stage ran: params\.yaml"):
        guard.confirm()
    PARAMS.write_text("seed: [")
    with pytest.raises(current.IdentityError, match="not valid YAML"):
        guard.confirm()


def test_components_written_anew_meanwhile_are_found(stage):
    guard = Guard.of(stage)
    text = COMPONENTS.read_text()
    COMPONENTS.write_text(text.replace(guard.components["code"], "0" * 16))
    with pytest.raises(current.IdentityError, match=r"components\.json \(code\)"):
        guard.confirm()


def test_code_changed_meanwhile_is_found_and_a_comment_is_not(tmp_path):
    # in a copy of the package, run by a process of its own
    package, study = tmp_path / "src" / "passk", tmp_path / "study"
    package.parent.mkdir()
    study.mkdir()
    subprocess.run(["cp", "-rL", str(PACKAGE), str(package)], check=True)
    for name in ("params.yaml", "dvc.yaml"):
        (study / name).write_text((ROOT / name).read_text())
    code = f"""
import subprocess, sys
from pathlib import Path
from passk.pipeline.dag import cached
from passk.pipeline.identity import current
from passk.pipeline.identity.guard import Guard
subprocess.run(["dvc", "init", "-q", "--no-scm"], check=True)
current.write_components()
guard = Guard.of(cached().stages[{STAGE!r}])
edited = Path({str(package)!r}) / "domains/math/world/digits.py"
other = Path({str(package)!r}) / "domains/visual/world/scene.py"
for path, line in ((edited, "# a comment"), (other, "MEANING = 1")):
    path.write_text(path.read_text() + line + chr(10))
    guard.confirm()
edited.write_text(edited.read_text() + "MEANING = 1" + chr(10))
try:
    guard.confirm()
except current.IdentityError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=study, text=True, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(package.parent)},
    )  # fmt: skip
    assert not done.returncode, done.stderr
    assert done.stdout.startswith("changed while the stage ran: code (world.digits)")


def test_the_runner_imports_no_schema_and_no_polars():
    code = "import sys, passk.pipeline.run; print(*{m.partition('.')[0] for m in sys.modules})"
    names = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pydantic", "polars", "numpy", "torch", "dvc", "mlflow"} & set(names)
