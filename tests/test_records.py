"""Run records: named by what DVC locks, written once, and only for what succeeded."""

import json
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from passk.provenance import records
from passk.provenance.lock import lock_digest, path_digest, read_lock
from passk.provenance.record_store import own_store
from passk.provenance.records import open_execution
from passk.provenance.run_record import read_record


@dataclass(frozen=True)
class Step:
    name: str = "double@a"
    cmd: str = "python double.py"
    deps: tuple[str, ...] = ("source.txt",)
    outs: tuple[str, ...] = ("out.txt",)
    params: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"params.yaml": ("study", "draws.a")}
    )


PARAMS = {"params.yaml": {"study": "toy", "draws": {"a": {"n": 4, "rate": 1e-05, "none": None}}}}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "source.txt").write_text("1\n")
    return tmp_path


def run(project, content="2\n", metrics=None, step=None, params=PARAMS):
    execution = open_execution(step or Step(), params, project)
    (project / "out.txt").write_text(content)
    return execution.finish(metrics)


def test_record_says_what_ran_from_what_to_what(project):
    path = run(project, metrics={"reward": 0.5, "undefined": float("nan")})
    document = json.loads(path.read_text())
    assert read_record(path).document == document
    assert document["params"]["params.yaml"]["draws.a"]["rate"] == 1e-05
    assert document["deps"] == [{"path": "source.txt", "md5": "b026324c6904b2a9cb4b88d6d61c81d1"}]
    assert document["outs"] == [{"path": "out.txt", "md5": "26ab0db90d72e28ad0ba1e22ee510510"}]
    assert document["metrics"] == {"reward": 0.5, "undefined": None}
    execution = document["execution"]
    assert execution["exit_status"] == 0
    assert execution["peak_memory_bytes"] > 1_000_000
    assert (own_store(project).environments / f"{execution['environment']}.txt").exists()
    assert execution["commit"] is None  # not a git repository


def test_record_is_written_once_and_does_not_depend_on_times(project):
    first = run(project)
    before = first.read_bytes()
    time.sleep(0.01)
    (project / "source.txt").touch()
    assert run(project) == first
    assert first.read_bytes() == before
    assert len(list((project / records.QUEUE).iterdir())) == 2  # yet both executions are tracked


@pytest.mark.parametrize(
    "change",
    [
        {"content": "3\n"},
        {"params": {"params.yaml": {"study": "toy", "draws": {"a": {"n": 8}}}}},
        {"step": Step(cmd="python other.py")},
    ],
)
def test_another_output_parameter_or_command_is_another_record(project, change):
    assert run(project) != run(project, **change)


def test_inputs_identify_dependencies_and_parameters_alone(project):
    inputs = open_execution(Step(), PARAMS, project).inputs
    assert open_execution(Step(cmd="x", outs=("y",)), PARAMS, project).inputs == inputs
    (project / "source.txt").write_text("other\n")
    assert open_execution(Step(), PARAMS, project).inputs != inputs


def test_failed_stage_leaves_no_record_but_a_note_for_tracking(project):
    execution = open_execution(Step(), PARAMS, project)
    assert len(list((project / records.RUNNING).iterdir())) == 1
    execution.fail(ValueError("row 3: no answer"))
    assert not list(own_store(project).all())
    (note,) = (project / records.QUEUE).iterdir()
    assert "row 3" in json.loads(note.read_text())["error"]
    assert not list((project / records.RUNNING).iterdir())


def test_missing_input_or_output_is_named(project):
    with pytest.raises(ValueError, match=r"nowhere\.txt"):
        open_execution(Step(deps=("nowhere.txt",)), PARAMS, project)
    with pytest.raises(ValueError, match=r"did not write its output: out\.txt"):
        open_execution(Step(), PARAMS, project).finish()


def test_broken_record_is_named(tmp_path):
    path = tmp_path / "x.json"
    for content in ("{", "[]", '{"stage": "x", "cmd": "y"}'):
        path.write_text(content)
        with pytest.raises(ValueError, match=r"x\.json"):
            read_record(path)


def test_commit_and_changed_files(project):
    def git(*arguments):
        subprocess.run(["git", "-C", project, *arguments], check=True, capture_output=True)

    git("init")
    git("add", "source.txt")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "x")
    (project / "source.txt").write_text("changed\n")
    (project / "dvc.lock").write_text("")
    execution = read_record(run(project)).execution
    assert len(execution.commit) == 40
    assert set(execution.dirty) == {"source.txt"}


def test_digests_are_those_of_dvc(tmp_path):
    """A real `dvc repro`: its lock entry has the name of the record its own command wrote."""
    (tmp_path / "step.py").write_text(
        textwrap.dedent(
            f"""
            import sys
            from pathlib import Path
            sys.path.insert(0, {str(Path(__file__).parent)!r})
            from test_records import Step
            from passk.provenance.records import open_execution
            from passk.core.yaml_files import read, select
            keys = ("study", "rate", "draws.a", "words")
            step = Step("make@a", "sh run.sh", ("in", "step.py"), ("folder", "file.txt"),
                        {{"params.yaml": keys}})
            values = select(read(Path("params.yaml")), keys)
            execution = open_execution(step, {{"params.yaml": values}})
            Path("folder/b/c").mkdir(parents=True)
            Path("folder/b/c/z").write_text("z")
            Path("folder/b/é.txt").write_text("é")
            Path("folder/a").write_bytes(b"crlf\\r\\n")
            Path("file.txt").write_text("text")
            print(execution.finish())
            """
        )
    )
    (tmp_path / "params.yaml").write_text(
        "study: toy\nrate: 1e-05\ndraws: {a: {n: 4, t: 0.60, m: null, s: 'yes', l: [1, 2.0]}}\n"
        "words: {one: on, big: 1e22, text: '012'}\n"
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.txt").write_text("x")
    (tmp_path / "run.sh").write_text(f"exec {sys.executable} step.py\n")
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  make:\n    foreach: ${draws}\n    do:\n      cmd: sh run.sh\n"
        "      params: [study, rate, 'draws.${key}', words]\n      deps: [in, step.py]\n"
        "      outs: [folder, file.txt]\n"
    )
    dvc = [sys.executable, "-m", "dvc"]
    for arguments in (["init", "--no-scm", "-q"], ["repro", "-q"]):
        subprocess.run([*dvc, *arguments], cwd=tmp_path, check=True)
    (record,) = own_store(tmp_path).all()
    entry = read_lock(tmp_path)["make@a"]
    assert entry.digest == read_record(record).entry
    assert read_record(record).outs == entry.outs
    assert entry.outs["folder"] == path_digest(tmp_path / "folder", tmp_path)
    assert records.find_record(entry, tmp_path) == read_record(record)


def test_lock_digest_ignores_order_and_sizes():
    entry = {
        "cmd": "x",
        "deps": [{"path": "a", "md5": "1"}, {"path": "./b", "md5": "2", "size": 3, "hash": "md5"}],
        "params": {"params.yaml": {"p": 1, "q": 2}},
    }
    other = {
        "cmd": "x",
        "deps": [{"path": "b", "md5": "2"}, {"path": "a", "md5": "1", "nfiles": 1}],
        "params": {"params.yaml": {"q": 2, "p": 1}},
    }
    assert lock_digest(entry) == lock_digest(other)


def test_empty_folder_has_dvcs_digest(tmp_path):
    assert path_digest(tmp_path) == "d751713988987e9331980363e24189ce.dir"
