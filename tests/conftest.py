"""Shared fixtures: a copy of the project in which a real study runs, made once per session."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from passk.core import processor

processor.pin()  # before any test imports numpy or torch

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"  # outside the repository: what may not be redistributed


def real_file(name: str) -> Path:
    """Published data: from tests/data/real, or from where it may lie beside the repository."""
    inside = ROOT / "tests" / "data" / "real" / name
    return inside if inside.exists() else SHARED / "real" / name


def needs_real(*names: str) -> pytest.MarkDecorator:
    """Skip a test, by name, where published data that it reads is not here."""
    missing = [name for name in names if not real_file(name).exists()]
    return pytest.mark.skipif(bool(missing), reason=f"needs ../shared/real: {missing}")


class RealData:
    """Published data by name, `real / "paper"`; tests of what is not here are skipped."""

    def __truediv__(self, name: str) -> Path:
        path = real_file(name)
        if not path.exists():
            pytest.skip(f"needs ../shared/real: {name}")
        return path


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups, or there are none
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In parallel runs, tests of a file share a process; so do all that share the smoke study.

    Those begin, as they take longest: at the end, the other process would wait for them.
    """
    if not config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return
    items.sort(key=lambda item: "smoke" not in getattr(item, "fixturenames", ()))
    for item in items:
        shared = "smoke" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("smoke" if shared else item.path.stem))


@dataclass
class Workspace:
    """A copy of the project with its own DVC cache and tracking database."""

    root: Path

    def run(self, *command: str, check: bool = True, timeout: int = 560) -> str:
        """Run a command of the environment in the copy; its output, stderr included."""
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.root / "src"),
            "COLUMNS": "200",
        }
        environment.pop("MLFLOW_TRACKING_URI", None)
        done = subprocess.run(
            command, cwd=self.root, env=environment, text=True, timeout=timeout, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} exited {done.returncode}:\n{done.stdout}")
        return done.stdout

    def params(self) -> dict:
        """The parameters, as plain data."""
        return YAML(typ="safe", pure=True).load(self.root / "params.yaml")

    def write_params(self, values: dict) -> None:
        """Replace the parameters."""
        YAML(typ="safe", pure=True).dump(values, self.root / "params.yaml")

    def edit(self, key: str, value: object) -> None:
        """Set one dotted key of the parameters."""
        values = self.params()
        *parents, last = key.split(".")
        node = values
        for part in parents:
            node = node.setdefault(part, {})
        node[last] = value
        self.write_params(values)


def copy_project(target: Path, study: str | None = None) -> Workspace:
    """A copy of what git tracks (and would track), as a git repository of its own.

    With the name of a study, that one is the study of its root.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, text=True, capture_output=True, check=True,
    )  # fmt: skip
    made = ("ledger.jsonl", "reports/", "dvc.lock")  # what a study leaves behind
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(made):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    if study:
        from passk.config.composition import compose_text

        shutil.copy2(ROOT / "studies" / study / "study.yaml", target / "study.yaml")
        (target / "params.yaml").write_text(compose_text(target))
    for command in (
        ["git", "init", "-q"],
        ["git", "add", "-A"],
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "copy"],
    ):
        subprocess.run(command, cwd=target, check=True)
    return Workspace(target)


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The smoke study, run end to end by Snakemake. Tests that use it leave it up to date."""
    workspace = copy_project(tmp_path_factory.mktemp("smoke"), "smoke")
    workspace.run("snakemake", "--cores", "2")
    return workspace


@pytest.fixture
def real() -> RealData:
    """Published benchmarks and responses."""
    return RealData()
