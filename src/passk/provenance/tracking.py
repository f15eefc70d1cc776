"""MLflow, fed from records by a process of its own: tracking can neither fail nor slow a stage.

Stages only leave files: finished executions in `.passk/mlflow-queue/`, training logs in
`.passk/live/`. One detached drainer at a time (it holds a file lock from before it exists: the
lock's descriptor is handed to it) imports MLflow once, for all stages, and writes runs. A store
that is locked, unreachable or corrupt leaves the files where they are, for the next attempt.
An execution that was tracked before is skipped, so draining twice does no harm.

    enqueue(record); ensure_drainer()     # the runner, after a stage
    sync()                                # `passk track`, at the end of a study
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from passk.config.paths import STATE
from passk.provenance import records
from passk.provenance.mlflow_exporter import Drain, Report, load, queued, running
from passk.provenance.run_record import read_record

LOCK = STATE / "mlflow.lock"
LOG = STATE / "mlflow.log"
IDLE_SECONDS = 5.0  # the drainer outlives its last work by this, to serve the next stage
PATIENCE_SECONDS = 20.0  # how long it goes on trying a store that does not answer
_SWITCH = "PASSK_TRACKING"  # `off`: records wait in the queue until `passk track`


def enqueue(record: Path, root: Path = Path()) -> None:
    """Queue a record for tracking; the same one twice is as good as once."""
    file = record.resolve().relative_to(root.resolve()).as_posix()
    records.enqueue(replace(read_record(record), file=file), root)


def ensure_drainer(root: Path = Path(), idle: float = IDLE_SECONDS) -> bool:
    """Start a detached drainer unless one runs or nothing waits; True if this call started it.

    Never raises: a stage's success does not hang on tracking.
    """
    if os.environ.get(_SWITCH) == "off":
        return False
    with suppress(OSError):
        if not queued(root) and not running(root):
            return False
        stream = _try_lock(root)
        if stream is None:
            return False
        with stream, (root / LOG).open("a") as log:
            subprocess.Popen(
                [sys.executable, "-m", "passk.provenance.tracking",
                 str(stream.fileno()), str(idle)],
                cwd=root, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, pass_fds=[stream.fileno()],
            )  # fmt: skip
        return True
    return False


def sync(root: Path = Path(), *, wait: bool = True, timeout: float = 30.0) -> Report:
    """Bring MLflow up to date: drain here, or wait for the drainer that runs.

    Args:
        root: the project's root.
        wait: False hands the work to a detached drainer and returns at once.
        timeout: seconds to wait for another process's drainer.
    """
    before = {path: _stage(path) for path in queued(root)}
    if not wait:
        ensure_drainer(root)
        return Report(waiting=len(before))
    ended = time.monotonic() + timeout
    while True:
        with _lock(root) as free:
            if free:
                report = Drain(root).once()
        if free:
            if report.error is None and queued(root):  # queued while the lock was still held here
                ensure_drainer(root)
            return report
        left = queued(root)
        if not left or time.monotonic() > ended:
            added = [stage for path, stage in before.items() if path not in left]
            error = f"another process is still at it; see {LOG}" if left else None
            return Report(added, len(left), error)
        time.sleep(0.2)


def drain(root: Path, stream: TextIO, idle: float = IDLE_SECONDS) -> None:
    """The drainer's life: work until nothing has happened for a while, then let go of the lock.

    What is queued between its last look and its letting go is seen by a last look afterwards.
    """
    work = Drain(root)
    while True:
        quiet = failing = time.monotonic()
        while root.exists() and time.monotonic() - quiet < idle:
            report = work.once()
            now = time.monotonic()
            if report.error is None:
                failing = now
            elif now - failing > PATIENCE_SECONDS:
                return  # the queue stays for the next attempt
            if report.added or report.waiting or running(root):
                quiet = now
            time.sleep(0.5 if report.error is None else 5.0)
        stream.close()
        again = _try_lock(root) if root.exists() and queued(root) else None
        if again is None:
            return
        stream = again


def _stage(path: Path) -> str:
    content = load(path)
    return str(content["stage"]) if content else path.stem


def _try_lock(root: Path) -> TextIO | None:
    """The tracking lock's open file, or None while another process holds it."""
    path = root / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = path.open("a")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        return None
    return stream


@contextmanager
def _lock(root: Path) -> Iterator[bool]:
    """Hold the tracking lock if it is free; says whether it was."""
    stream = _try_lock(root)
    try:
        yield stream is not None
    finally:
        if stream is not None:
            stream.close()


def _main() -> None:
    """Entry point of the drainer; arguments: the held lock's descriptor, seconds to idle."""
    with suppress(OSError):
        os.nice(10)  # stages come first
    drain(Path.cwd(), os.fdopen(int(sys.argv[1]), "a"), float(sys.argv[2]))


if __name__ == "__main__":
    _main()
