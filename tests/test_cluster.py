"""Jobs of a cluster, without one: what each asks for, who holds which files, why one failed."""

import os
import re
import subprocess
import sys

import pytest

from passk.core.machine import Machine, Resources
from passk.pipeline import cluster
from passk.pipeline.dag import Dag, Stage
from passk.pipeline.holders import known_to_all_hosts, remove_dead

META = {"threads": 1, "mem_mb": 3000, "runtime": 240}


def stage(name, **meta):
    return Stage(name, "", (), (), {}, meta={**META, **meta})


MACHINE = Machine(
    resources={
        "default": Resources(partition="cpu", minutes=60),
        "sample@*": Resources(partition="gpu", gpus=1, minutes=600, cores=8, notice_seconds=900),
        "sample@small": Resources(gpus=0, mem_mb=500, options="--exclusive"),
    }
)


def test_the_machine_files_word_comes_before_the_definitions():
    asked = cluster.requested(stage("sample@base"), MACHINE)
    assert asked == {
        "threads": 8, "mem_mb": 3000, "runtime": 600, "gpu": 1, "slurm_partition": "gpu",
        "slurm_account": None, "qos": None, "constraint": None,
        "slurm_extra": "--open-mode=append --signal=USR1@900",
    }  # fmt: skip


def test_the_last_pattern_that_states_a_key_counts():
    asked = cluster.requested(stage("sample@small"), MACHINE)
    assert (asked["mem_mb"], asked["gpu"], asked["threads"]) == (500, None, 8)
    assert asked["slurm_extra"].endswith(" --exclusive")


def test_a_short_job_works_three_quarters_of_its_time_before_it_is_told():
    machine = Machine(resources={"default": Resources(minutes=2)})
    assert "--signal=USR1@30" in cluster.requested(stage("count@base"), machine)["slurm_extra"]


def test_patterns_that_fit_nothing_are_named():
    dag = Dag([stage("sample@base"), stage("report")])
    machine = Machine(resources={"report": Resources(), "sampel@*": Resources()})
    assert list(cluster.strangers(machine, dag)) == ["sampel@*"]


LOG = """
Error in rule sample:
    message: SLURM-job '7' failed, SLURM status is: '{state}'. Detailed failure reason unavailable.
    jobid: 1
    input: .passk/stamps/mine/pretrain/base
    output: .passk/stamps/mine/sample/base
    log: /x/7.log (check log file(s) for error details)
"""


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (
            "OUT_OF_MEMORY",
            r"memory than its job has \(3000 MB\)\. Raise mem_mb .*\"sample@base",
        ),
        ("TIMEOUT", r"in the time of its job \(600 minutes\)\. Raise minutes .*machine.yaml"),
        ("CANCELLED", r"ended by Slurm \(CANCELLED\); run again: it goes on from what it kept"),
        ("FAILED", r"failed; its log, named above, says why"),
    ],
)
def test_a_job_that_slurm_ended_says_what_to_do(state, says):
    dag = Dag([stage("sample@base")])
    (line,) = cluster.explain_failures(LOG.format(state=state) * 2, dag, MACHINE, "mine")
    assert re.search(says, line)


def test_other_failures_are_left_to_their_own_messages():
    dag, log = Dag([stage("sample@base")]), LOG.replace("SLURM status", "status")
    assert cluster.explain_failures(log, dag, MACHINE, "mine") == []


@pytest.mark.parametrize(
    ("status", "explained"), [(-9, True), (137, True), (1, False), (None, False)]
)
def test_only_a_kill_is_taken_for_one(status, explained):
    assert bool(cluster.explain_kill("sample@base", status)) == explained


def test_the_status_is_read_from_dvcs_message():
    from dvc.stage.exceptions import StageCmdFailedError

    assert cluster.exit_status(str(StageCmdFailedError("python -m x", -9))) == -9
    assert cluster.exit_status("failed to run: x") is None


# --------------------------------------------------------------------------- who holds which files

HOLDER = """
import sys, time
from pathlib import Path
from passk.pipeline.holders import known_to_all_hosts
with known_to_all_hosts(Path(sys.argv[1])):
    print(sys.argv[-1], flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds, and the entry that DVC would note for it on a host with other ids."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    mark = process.stdout.readline().strip()
    yield process, {"pid": 2**22 + 1, "cmd": f"reproduce.py sample@base {mark}"}
    process.kill()
    process.wait()


def check(entry, tmp_path):
    from dvc import rwlock

    lock = {"read": {"data/a": [dict(entry)]}, "write": {"data/b": dict(entry)}}
    info = {"pid": os.getpid(), "cmd": "other"}
    with known_to_all_hosts(tmp_path):
        rwlock._check_blockers(str(tmp_path), lock, info, mode="write", waiters=["data/b"])
    return lock


def test_a_job_of_another_host_blocks_while_it_lives_and_not_after(holder, tmp_path):
    from dvc.lock import LockError

    process, entry = holder
    with pytest.raises(LockError, match="busy"):
        check(entry, tmp_path)
    process.kill()
    process.wait()
    assert check(entry, tmp_path) == {"read": {}, "write": {}}
    assert list(tmp_path.iterdir()) == []


def test_what_dvc_itself_noted_stays(tmp_path):
    entry = {"pid": os.getpid(), "cmd": "dvc repro"}
    table = {"read": {"data/a": [entry]}, "write": {"data/b": entry}}
    remove_dead(table, tmp_path)
    assert table == {"read": {"data/a": [entry]}, "write": {"data/b": entry}}


def test_dvc_is_as_it_was_afterwards(tmp_path):
    from dvc import rwlock

    before = rwlock._check_blockers, rwlock.psutil, list(sys.argv)
    with known_to_all_hosts(tmp_path):
        assert rwlock._check_blockers is not before[0]
    assert (rwlock._check_blockers, rwlock.psutil, list(sys.argv)) == before
