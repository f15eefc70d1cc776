"""Work that is asked to stop: what is kept, and that it goes on to the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import toy_policy as toy
from passk.config import paths
from passk.core import stop_signal
from passk.pipeline.stages.sample import run as sample
from passk.training import arm as arms
from passk.training import checkpoints
from toy_checkpoint import QUESTIONS, job, save, write_set

CHILD = """
import subprocess, sys
from passk.core import stop_signal
stop_signal.hold_back()
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
print(stop_signal.is_asked(), child.poll(), flush=True)
child.kill()
"""


@pytest.fixture
def ask():
    """Ask this thread to stop; the others do not hold the signal back."""
    stop_signal.hold_back()
    yield lambda: signal.pthread_kill(threading.get_ident(), stop_signal.SIGNAL)
    stop_signal.take_back()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {stop_signal.SIGNAL})


def test_the_signal_waits_and_kills_no_child():
    parent = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    for process in (parent.pid, child):
        os.kill(process, stop_signal.SIGNAL)
    said, _ = parent.communicate("go\n", timeout=60)
    assert said.split() == ["True", "None"]


def test_a_draw_stops_after_a_block_and_goes_on_to_the_same_bytes(tmp_path, monkeypatch, ask):
    monkeypatch.chdir(tmp_path)
    save(paths.model("toy", "base"))
    write_set("one", QUESTIONS[:4])
    write_set("two", QUESTIONS[4:7])
    sample(job())
    whole = paths.samples("toy", "base").read_bytes()
    shutil.rmtree(paths.BLOCKS)
    paths.samples("toy", "base").unlink()
    ask()
    with pytest.raises(stop_signal.Stopped, match="with 1 blocks of samples kept; run again"):
        sample(job())
    assert not paths.samples("toy", "base").exists()
    stop_signal.take_back()
    measured = sample(job())
    assert measured["reused"] > 0
    assert paths.samples("toy", "base").read_bytes() == whole


@pytest.mark.parametrize("changes", [{}, {"num_iterations": 2, "minibatches": 2, "beta": 0.01}])
def test_training_stops_after_a_step_and_goes_on_to_the_same_bytes(tmp_path, ask, changes):
    start = toy.make_start(tmp_path / "start")
    calls = []

    def train(folder: Path, ask_at: int = 0) -> None:
        def reward(*batch):
            calls.append(1)
            if len(calls) == ask_at:
                ask()
            return toy.printable_start(*batch)

        calls.clear()
        arms.train(arms.Arm("toy", toy.settings(**changes), 1, start, folder), toy.tasks, reward)

    train(tmp_path / "whole")
    with pytest.raises(stop_signal.Stopped, match="resume point after update"):
        train(tmp_path / "cut", ask_at=3)
    point = checkpoints.find_resume_point(tmp_path / "cut")
    updates = changes.get("num_iterations", 1) * changes.get("minibatches", 1)
    assert checkpoints.count_resumed_updates(point) == 3 * updates  # resume_every is 2
    stop_signal.take_back()
    train(tmp_path / "cut")
    assert len(calls) == 3
    assert kept(tmp_path / "cut") == kept(tmp_path / "whole")


def kept(folder: Path) -> dict[str, bytes]:
    files = [p for p in folder.rglob("*") if p.is_file() and "checkpoint-" not in str(p)]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}
