"""The runner: parameters are checked before any work, and once for each state of them."""

import subprocess
import sys

import pytest
from tests.conftest import ROOT

from passk.config.paths import PARAMS, STATE
from passk.core.yaml_files import ParameterError
from passk.pipeline import run


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    PARAMS.write_text((ROOT / "params.yaml").read_text())
    return tmp_path


def test_legal_parameters_are_checked_once(project):
    run.check()
    (found,) = (STATE / "checked").iterdir()
    run.check()
    assert list((STATE / "checked").iterdir()) == [found]
    PARAMS.write_text(PARAMS.read_text() + "\n# a comment\n")
    run.check()
    assert len(list((STATE / "checked").iterdir())) == 2


def test_illegal_parameters_are_refused_every_time(project):
    PARAMS.write_text(PARAMS.read_text().replace("\nseed: ", "\nseed: -"))
    for _ in range(2):
        with pytest.raises(ParameterError, match=r"seed = -\d+"):
            run.check()
    assert not (STATE / "checked").exists()


def test_the_schemas_code_is_part_of_the_state():
    """What the check of all parameters depends on lies in the folders that `check` looks at."""
    from passk.pipeline.closure import PACKAGE, closure

    files = {path.relative_to(PACKAGE).as_posix() for path in closure("passk.config.study")}
    assert {name.split("/")[0] for name in files} <= {*run.CHECKED, "digests.py"}


def test_the_runner_imports_no_schema_and_no_polars():
    code = "import sys, passk.pipeline.run; print(*{m.partition('.')[0] for m in sys.modules})"
    names = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pydantic", "polars", "numpy", "torch", "dvc", "mlflow"} & set(names)
