"""MLflow: one run per execution, whatever happens to the store, and never at a stage's cost."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from passk.provenance import records, tracking
from passk.provenance.mlflow_exporter import Drain
from passk.provenance.mlflow_runs import flatten
from passk.provenance.records import open_execution
from passk.provenance.run_record import read_record
from test_records import PARAMS, Step


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("PASSK_TRACKING", raising=False)
    (tmp_path / "source.txt").write_text("1\n")
    return tmp_path


def execute(project, n=4, name="double@a"):
    params = {"study": "toy", "draws": {"a": {"n": n, "sets": ["x"], "rate": 1e-05}}}
    execution = open_execution(Step(name=name), {"params.yaml": params}, project)
    (project / "out.txt").write_text(f"{n}\n")
    return execution.finish({"reward": n / 10})


def runs(project):
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{project}/mlflow.db")
    experiment = client.get_experiment_by_name("passk")
    found = client.search_runs([experiment.experiment_id])
    parents = [run for run in found if run.data.tags["passk.kind"] == "study"]
    return client, parents, [run for run in found if run not in parents]


def test_an_execution_becomes_one_run_under_its_study(project):
    record = execute(project)
    tracking.enqueue(record, project)  # the runner says so once more: no second run
    assert len(tracking.queued(project)) == 1
    assert tracking.sync(project).added == ["double@a"]
    _, (parent,), (run,) = runs(project)
    assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert parent.info.start_time <= run.info.start_time <= parent.info.end_time
    assert run.data.tags["passk.record"] == record.relative_to(project).as_posix()
    assert run.data.params["draws.a.rate"] == "1e-05"
    assert run.data.metrics["reward"] == 0.4
    assert run.info.status == "FINISHED"
    datasets = {
        (item.tags[0].value, item.dataset.name, item.dataset.digest)
        for item in run.inputs.dataset_inputs
    }
    document = read_record(record)
    assert datasets == {
        ("input", "source.txt", document.deps["source.txt"]),
        ("output", "out.txt", document.outs["out.txt"]),
    }

    # Idempotent: the same execution again adds nothing, another one a second run, same parent.
    tracking.enqueue(record, project)
    assert tracking.sync(project).added == []
    execute(project, n=5)
    failed = open_execution(Step(), PARAMS, project)
    failed.fail(ValueError("row 3"))
    assert tracking.sync(project).added == ["double@a", "double@a"]
    _, parents, children = runs(project)
    assert len(parents) == 1
    assert sorted(run.info.status for run in children) == ["FAILED", "FINISHED", "FINISHED"]
    assert "row 3" in next(r.data.tags.get("passk.error", "") for r in children)


def test_live_training_log_goes_to_the_run_of_its_stage(project):
    live = project / ".passk" / "live" / "toy" / "a.jsonl"
    live.parent.mkdir(parents=True)
    live.write_text('{"step": 9, "reward": 9.0}\n')
    os.utime(live, (1, 1))  # of an earlier run: not this execution's
    execution = open_execution(Step(name="train@a"), PARAMS, project)
    drain = Drain(project)
    drain.once()
    assert drain.offsets == {}
    live.write_text('{"step": 1, "reward": 0.1}\n{"step": 2, "rew')
    assert drain.once().error is None
    client, _, (run,) = runs(project)
    assert run.info.status == "RUNNING"
    live.write_text('{"step": 1, "reward": 0.1}\n{"step": 2, "reward": 0.2}\n')
    (project / "out.txt").write_text("x")
    execution.finish()
    assert Drain(project).once().added == ["train@a"]  # another drainer goes on
    history = client.get_metric_history(run.info.run_id, "training/reward")
    assert [(m.step, m.value) for m in history] == [(1, 0.1), (2, 0.2)]
    assert client.get_run(run.info.run_id).info.status == "FINISHED"


def test_training_log_without_a_live_one(project):
    step = Step(name="train@a", outs=("data/toy/training/a.jsonl",))
    execution = open_execution(step, PARAMS, project)
    path = project / step.outs[0]
    path.parent.mkdir(parents=True)
    path.write_text('{"step": 1, "reward": 0.5}\n')
    execution.finish()
    tracking.sync(project)
    client, _, (run,) = runs(project)
    assert client.get_metric_history(run.info.run_id, "training/reward")[0].value == 0.5


def test_run_of_a_killed_stage_is_closed(project):
    live = project / ".passk" / "live" / "a.jsonl"
    live.parent.mkdir(parents=True)
    open_execution(Step(name="train@a"), PARAMS, project)
    live.write_text('{"step": 1, "reward": 0.1}\n')
    tracking.sync(project)
    note = project / records.RUNNING / "train@a.json"
    content = json.loads(note.read_text())
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    note.write_text(json.dumps({**content, "pid": process.pid}))
    tracking.sync(project)
    _, _, (run,) = runs(project)
    assert run.info.status == "KILLED"
    assert not note.exists()


@pytest.mark.slow  # MLflow waits 20 s for a locked database
def test_locked_store_keeps_the_record_and_is_retried(project):
    execute(project)
    tracking.sync(project)
    execute(project, n=5)
    connection = sqlite3.connect(project / "mlflow.db")
    connection.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    report = tracking.sync(project)
    assert report.waiting == 1
    assert "locked" in report.error
    assert time.monotonic() - started < 30
    connection.rollback()
    connection.close()
    assert tracking.sync(project).added == ["double@a"]


def test_corrupt_store_keeps_the_record(project):
    record = execute(project)
    (project / "mlflow.db").write_bytes(b"no database" * 100)
    report = tracking.sync(project)
    assert record.exists()
    assert report.waiting == 1
    assert report.error
    (project / "mlflow.db").unlink()
    # The next attempt is another process: MLflow keeps its engine for a database that vanished.
    program = "from passk.provenance.tracking import sync; print(sync().added)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=True
    )
    assert "double@a" in done.stdout


def test_damaged_queue_entry_does_not_hold_up_the_others(project):
    execute(project)
    queue = project / records.QUEUE
    (queue / "0-cut.json").write_text('{"stage": ')
    (queue / "1-other.json").write_text('{"stage": "x"}')
    report = tracking.sync(project)
    assert report.added == ["double@a"]
    assert report.waiting == 0
    assert len(list(queue.glob("*.damaged"))) == 2


def test_concurrent_stages_start_one_drainer_that_tracks_all(project):
    """Many stages end at once; the first starts the drainer, which exits when all is quiet."""
    started = []
    threads = [
        threading.Thread(
            target=lambda n=n: (
                execute(project, n=n, name=f"double@{n}"),
                started.append(tracking.ensure_drainer(project, idle=1.0)),
            )
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(started) == 1
    deadline = time.monotonic() + 40
    while (tracking._try_lock(project) is None) and time.monotonic() < deadline:
        time.sleep(0.2)
    _, parents, children = runs(project)
    assert len(parents) == 1
    assert sorted(r.data.tags["passk.stage"] for r in children) == [f"double@{n}" for n in range(8)]


def test_switched_off_or_unwritable_tracking_never_raises(project, monkeypatch):
    execute(project)
    monkeypatch.setenv("PASSK_TRACKING", "off")
    assert not tracking.ensure_drainer(project)
    monkeypatch.delenv("PASSK_TRACKING")
    (project / ".passk" / "mlflow.lock").mkdir()
    assert not tracking.ensure_drainer(project)


def test_record_queued_at_the_last_moment_is_not_forgotten(project, monkeypatch):
    """Between the drainer's last look and its letting go of the lock a stage may end."""
    stream = tracking._try_lock(project)
    close = stream.close

    class Late:
        def close(self):
            if not tracking.queued(project):
                execute(project)
                assert not tracking.ensure_drainer(project)  # the lock is still held
            close()

    tracking.drain(project, Late(), idle=0.1)
    _, _, children = runs(project)
    assert len(children) == 1
    assert not tracking.queued(project)


def test_flatten_keeps_empty_sections_and_types():
    values = {"params.yaml": {"draws.a": {"n": 1, "x": {}, "y": None, "z": [1]}, "study": "s"}}
    assert dict(flatten(values)) == {
        "draws.a.n": "1",
        "draws.a.x": "{}",
        "draws.a.y": "null",
        "draws.a.z": "[1]",
        "study": "s",
    }
