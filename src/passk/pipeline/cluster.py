"""Jobs of a cluster: what each asks for, how one that was stopped starts over, why one failed."""

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from passk.core.stop_signal import SIGNAL
from passk.pipeline.dag import Dag, Stage

if TYPE_CHECKING:  # a job needs no schemas
    from passk.core.machine import Machine

_JOB = "SLURM_JOB_ID"
_NOTICE = 300  # seconds between the signal and the end of a job's time
_REQUEUED = 60  # seconds in which Slurm ends a job that it was told to start over
_KILLED = (-9, 137)  # exit status of a command, or of its shell, that was killed with signal 9
_CAUSES = {
    "OUT_OF_MEMORY": "needs more memory than its job has ({mem_mb} MB): raise mem_mb",
    "TIMEOUT": "was not done in the time of its job ({runtime} minutes): raise minutes",
    "DEADLINE": "was not done in the time of its job ({runtime} minutes): raise minutes",
}


def requested(stage: Stage, machine: "Machine") -> dict[str, Any]:
    """What a stage asks for, as Snakemake names it: the machine file's word before `meta`'s.

    Args:
        stage: with its `meta`.
        machine: the machine file.

    Returns:
        threads, mem_mb (MB), runtime (minutes), and what else is stated; None: nothing is said.

    Example:
        >>> from passk.core.machine import Machine
        >>> stage = Stage("sample@base", "", (), (), {}, meta={"mem_mb": 3000, "runtime": 240})
        >>> asked = requested(stage, Machine())
        >>> asked["mem_mb"], asked["runtime"], asked["slurm_extra"]
        (3000, 240, '--open-mode=append --signal=USR1@300')
    """
    stated = machine.resources_of(stage.name)
    minutes = int(stated.get("minutes", stage.meta.get("runtime", 60)))
    # Told no earlier than after three quarters of its time, or a short job would never work.
    notice = min(stated.get("notice_seconds", _NOTICE), minutes * 15)
    options = f"--open-mode=append --signal={SIGNAL.name.removeprefix('SIG')}@{notice}"
    return {
        "threads": int(stated.get("cores", stage.meta.get("threads", 1))),
        "mem_mb": int(stated.get("mem_mb", stage.meta.get("mem_mb", 1000))),
        "runtime": minutes,
        "gpu": stated.get("gpus") or None,
        "slurm_partition": stated.get("partition"),
        "slurm_account": stated.get("account"),
        "qos": stated.get("qos"),
        "constraint": stated.get("constraint"),
        "slurm_extra": " ".join(filter(None, (options, stated.get("options")))),
    }


def strangers(machine: "Machine", dag: Dag) -> Iterator[str]:
    """Patterns of the machine file that fit no stage of a study: other studies', or misspelt."""
    for pattern in machine.resources:
        if pattern != "default" and not any(fnmatchcase(name, pattern) for name in dag.stages):
            yield pattern


def start_over() -> bool:
    """Have the job of this process start over, with what it kept; False where it is no such job.

    Slurm then ends it, so this does not return where Slurm agrees.
    """
    job = os.environ.get(_JOB)
    if job is None:
        return False
    try:
        done = subprocess.run(
            ["scontrol", "requeue", job], text=True, capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    if done.returncode:
        print(f"passk: Slurm does not requeue job {job}: {done.stderr.strip()}", file=sys.stderr)
        return False
    print(f"passk: job {job} starts over where it stopped", file=sys.stderr, flush=True)
    time.sleep(_REQUEUED)
    return False


def exit_status(message: str) -> int | None:
    """The exit status that a message of DVC ends with, or None."""
    found = re.search(r"exited with (-?\d+)$", message)
    return int(found[1]) if found else None


def explain_kill(stage: str, status: int | None) -> str:
    """Why a command was killed, as far as this host knows; empty where it was not.

    Args:
        stage: its name.
        status: of the command.
    """
    if status not in _KILLED:
        return ""
    held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return (
        f"passk: {stage}: killed, as the system does with what needs more memory than there is; "
        f"its largest process held {held} MB. {_remedy(stage, 'Raise mem_mb')}, or give it less to "
        "hold at once (docs/cluster.md)"
    )


def explain_failures(log: str, dag: Dag, machine: "Machine", study: str) -> list[str]:
    """What to do about each job that Slurm ended, by Snakemake's log of a run.

    Args:
        log: its text.
        dag: of the study.
        machine: the machine file.
        study: its name.
    """
    lines = []
    for report in log.split("Error in rule ")[1:]:
        state = re.search(r"SLURM status is: '(\w+)", report)
        output = re.search(rf"output: \S*stamps/{re.escape(study)}/(\S+)/([^\s/]+)", report)
        if not state or not output:
            continue
        name = output[1] if output[2] == "done" else f"{output[1]}@{output[2]}"
        if name in dag.stages:
            lines.append(_explain(name, state[1], requested(dag.stages[name], machine)))
    return list(dict.fromkeys(lines))


def _explain(name: str, state: str, asked: dict[str, Any]) -> str:
    if state in _CAUSES:
        cause, _, remedy = _CAUSES[state].format(**asked).rpartition(": ")
        return f"passk: {name} {cause}. {_remedy(name, remedy.capitalize())}"
    if state == "FAILED":
        return f"passk: {name} failed; its log, named above, says why"
    return f"passk: {name} was ended by Slurm ({state}); run again: it goes on from what it kept"


def _remedy(name: str, remedy: str) -> str:
    from passk.core.machine import machine_file

    return f'{remedy} of "{name}" under `resources` in {machine_file()}'
