"""Drills: kill -9, concurrent runs, switching studies; nothing is lost, and bytes are the same."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.conftest import Workspace, copy_project
from tests.test_studies import records, results

pytestmark = pytest.mark.drill


def start(workspace: Workspace, *command: str) -> subprocess.Popen:
    """Start a command in a process group of its own, to be killed as a whole."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(workspace.root / "src"),
    }
    return subprocess.Popen(
        command, cwd=workspace.root, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def kill_when(workspace: Workspace, process: subprocess.Popen, stage: str, seconds: float) -> None:
    """Kill the whole group with -9, so long after a stage has begun."""
    note = workspace.root / f".passk/running/{stage}.json"
    deadline = time.monotonic() + 300
    while not note.exists():
        assert process.poll() is None, f"the run ended before {stage} began"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with suppress(ProcessLookupError):  # until the system has reaped them, DVC takes them for alive
        while time.monotonic() < deadline:
            os.killpg(process.pid, 0)
            time.sleep(0.1)


def test_killed_runs_complete_with_the_same_bytes_by_either_engine(smoke, tmp_path):
    workspace = copy_project(tmp_path, "smoke")
    drill = [("pretrain@base", 5.0), ("train@grpo", 3.5), ("sample@grpo", 2.0)]
    for stage, seconds in drill:
        process = start(workspace, "snakemake", "--cores", "2")
        kill_when(workspace, process, stage, seconds)
    workspace.run("dvc", "repro")  # the other engine takes over what Snakemake left
    assert results(workspace) == results(smoke)
    assert "Nothing to be done" in workspace.run("snakemake", "-n", "--cores", "2")
    workspace.run("passk", "audit")


def test_two_runs_at_once_do_each_stage_once(tmp_path):
    workspace = copy_project(tmp_path, "imported")
    both = [start(workspace, "snakemake", "--cores", "1") for _ in range(2)]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    stages = [r["stage"] for r in records(workspace, ".*")]
    assert len(stages) == len(set(stages))
    assert "up to date" in workspace.run("dvc", "status")


def test_switching_studies_and_back_leaves_nothing_to_do(tmp_path):
    workspace = copy_project(tmp_path, "smoke")
    workspace.run("snakemake", "--cores", "2")
    first = results(workspace)
    smoke = (workspace.root / "study.yaml").read_text()
    imported = (workspace.root / "studies/imported/study.yaml").read_text()
    (workspace.root / "study.yaml").write_text(imported)
    workspace.run("passk", "compose")
    workspace.run("dvc", "repro")
    executed = len(records(workspace, ".*"))
    (workspace.root / "study.yaml").write_text(smoke)
    workspace.run("passk", "compose")
    workspace.run("snakemake", "--cores", "2")
    assert len(records(workspace, ".*")) == executed  # every stage came from the cache
    assert {k: v for k, v in results(workspace).items() if k.startswith("smoke")} == first
    assert "up to date" in workspace.run("dvc", "status")
    workspace.run("passk", "audit")


def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(mount)], check=False
        ).returncode
    ):
        pytest.skip("mounting a small file system needs root")
    try:
        script = (
            "import polars as pl, numpy as np; from pathlib import Path\n"
            "from passk.core.schemas.verdicts import VERDICTS\n"
            "n = 100_000; drawn = np.random.default_rng(0).integers(0, 2**62, n)\n"
            "ids = [f'{i:x}' for i in drawn]\n"
            "frame = pl.DataFrame({'draw': ['d'] * n, 'set': ['s'] * n, 'problem_id': ids,\n"
            "  'sample_index': range(n), 'answer': ids, 'verdict': ['wrong'] * n,\n"
            "  'reason': ['r'] * n, 'chain_valid': [None] * n, 'grader': ['g'] * n})\n"
            f"VERDICTS.write(frame, Path({str(mount)!r}) / 'v.parquet')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], text=True, capture_output=True, check=False
        )
        assert done.returncode != 0
        assert "No space left" in done.stderr or "os error 28" in done.stderr
        assert list(mount.iterdir()) == []
    finally:
        subprocess.run(["umount", str(mount)], check=False)
