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
import json
import os
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from passk.lineage import records
from passk.lineage.environment import birth
from passk.lineage.experiment import Experiment, milliseconds, open_experiment
from passk.lineage.lock import path_digest
from passk.lineage.records import QUEUE, RUNNING, read_record
from passk.paths import LIVE, STATE

LOCK = STATE / "mlflow.lock"
LOG = STATE / "mlflow.log"
OFFSETS = STATE / "mlflow-live.json"
IDLE_SECONDS = 5.0  # the drainer outlives its last work by this, to serve the next stage
PATIENCE_SECONDS = 20.0  # how long it goes on trying a store that does not answer
_GRANTED_SECONDS = 86_400.0
_SWITCH = "PASSK_TRACKING"  # `off`: records wait in the queue until `passk track`


@dataclass
class Report:
    """What a drain did.

    Attributes:
        added: stages whose executions were added to MLflow.
        waiting: how many executions still wait in the queue.
        error: why they wait, if the store did not answer.
    """

    added: list[str] = field(default_factory=list)
    waiting: int = 0
    error: str | None = None


def enqueue(record: Path, root: Path = Path()) -> None:
    """Queue a record for tracking; the same one twice is as good as once."""
    document = read_record(record)
    records.enqueue({**document, "record": record.resolve().relative_to(root.resolve()).as_posix()},
                    root)  # fmt: skip


def queued(root: Path = Path()) -> list[Path]:
    """Executions that wait, oldest first."""
    return sorted((root / QUEUE).glob("*.json"))


def ensure_drainer(root: Path = Path(), idle: float = IDLE_SECONDS) -> bool:
    """Start a detached drainer unless one runs or nothing waits; True if this call started it.

    Never raises: a stage's success does not hang on tracking.
    """
    if os.environ.get(_SWITCH) == "off":
        return False
    with suppress(OSError):
        if not queued(root) and not _running(root):
            return False
        stream = _try_lock(root)
        if stream is None:
            return False
        with stream, (root / LOG).open("a") as log:
            subprocess.Popen(
                [sys.executable, "-m", "passk.lineage.tracking", str(stream.fileno()), str(idle)],
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
                report = _Drain(root).once()
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
    work = _Drain(root)
    while True:
        quiet = failing = time.monotonic()
        while root.exists() and time.monotonic() - quiet < idle:
            report = work.once()
            now = time.monotonic()
            if report.error is None:
                failing = now
            elif now - failing > PATIENCE_SECONDS:
                return  # the queue stays for the next attempt
            if report.added or report.waiting or _running(root):
                quiet = now
            time.sleep(0.5 if report.error is None else 5.0)
        stream.close()
        again = _try_lock(root) if root.exists() and queued(root) else None
        if again is None:
            return
        stream = again


class _Drain:
    """Moves what stages left behind into MLflow, connecting when there is something to move."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.experiment: Experiment | None = None
        self.offsets: dict[str, dict[str, Any]] = {}
        with suppress(OSError, json.JSONDecodeError):
            self.offsets = json.loads((root / OFFSETS).read_text())

    def once(self) -> Report:
        """Drain what is there now; never raises on a store's account."""
        report = Report()
        try:
            for path in queued(self.root):
                document = _load(path)
                if document is None:
                    continue
                try:
                    if self._add(document):
                        report.added.append(document["stage"])
                    path.unlink(missing_ok=True)
                except Exception as error:
                    if not _hopeless(error):
                        raise
                    path.rename(path.with_suffix(".damaged"))
                    print(f"{path}: set aside: {traceback.format_exc()}", file=sys.stderr)
            for note in _running(self.root):
                self._watch(note)
        except Exception as error:  # whatever a store raises, records must wait
            self.experiment = None
            report.error = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            print(f"{time.strftime('%F %T')} {traceback.format_exc()}", file=sys.stderr)
        report.waiting = len(queued(self.root))
        return report

    def _add(self, document: dict[str, Any]) -> bool:
        """Bring one execution into MLflow; False if it was there."""
        experiment = self._connected()
        self._tail(document)
        self._final(document)
        added = experiment.add(document)
        self._forget(document["execution"]["id"])
        return added

    def _connected(self) -> Experiment:
        if self.experiment is None:
            self.experiment = open_experiment(self.root)
        return self.experiment

    def _watch(self, note: dict[str, Any]) -> None:
        """Follow the training log of a running stage; close the run of a killed one."""
        path = self.root / RUNNING / f"{note['stage']}.json"
        if not _alive(note):
            if not path.exists():
                return  # it ended properly since the note was read; its execution is queued
            if state := self.offsets.get(note["id"]):
                self._connected().abandon(state["run"])
                self._forget(note["id"])
            path.unlink(missing_ok=True)
            return
        self._tail({"stage": note["stage"], "cmd": note["cmd"], "params": note["params"],
                    "execution": {"id": note["id"], "started": note["started"]}})  # fmt: skip

    def _tail(self, document: dict[str, Any]) -> None:
        """Send the rows of a live training log that MLflow does not have yet."""
        path = _live_log(document, self.root)
        identity = document["execution"]["id"]
        if path is None:
            return
        state = self.offsets.get(identity)
        content = path.read_bytes()
        offset = state["offset"] if state and state["offset"] <= len(content) else 0
        end = content.rfind(b"\n") + 1  # the last line may be half-written
        if end <= offset:
            return
        rows = [json.loads(line) for line in content[offset:end].splitlines()]
        run, finished = self._connected().child(document)
        if not finished:
            self._connected().steps(run, rows, int(path.stat().st_mtime * 1000))
        self.offsets[identity] = {"run": run, "offset": end}
        self._save()

    def _final(self, document: dict[str, Any]) -> None:
        """Send the training log that a stage wrote, where no live one was followed."""
        if document["execution"]["id"] in self.offsets:
            return
        for out in document["outs"]:
            path = self.root / out["path"]
            log = path.suffix == ".jsonl" and path.parent.name == "training"
            if log and path.exists() and path_digest(path) == out["md5"]:
                run, finished = self._connected().child(document)
                if not finished:
                    rows = [json.loads(line) for line in path.read_text().splitlines()]
                    ended = milliseconds(document["execution"]["ended"])
                    self._connected().steps(run, rows, ended)

    def _forget(self, identity: str) -> None:
        if self.offsets.pop(identity, None):
            self._save()

    def _save(self) -> None:
        records._write(self.root / OFFSETS, self.offsets)


def _live_log(document: dict[str, Any], root: Path) -> Path | None:
    """The live training log of an execution: named by its stage or item, and not older than it."""
    started = milliseconds(document["execution"]["started"]) / 1000
    names = {f"{document['stage']}.jsonl", f"{document['stage'].partition('@')[2]}.jsonl"}
    fresh = (p for p in (root / LIVE).rglob("*.jsonl") if p.stat().st_mtime >= started - 0.01)
    return next((path for path in fresh if path.name in names), None)


def _running(root: Path) -> list[dict[str, Any]]:
    """Notes of the executions that run now, or were killed and left theirs behind."""
    notes = (_load(path) for path in sorted((root / RUNNING).glob("*.json")))
    return [note for note in notes if note is not None]


def _alive(note: dict[str, Any]) -> bool:
    """Whether the process of a note still runs; on another host, nobody knows: a day is granted."""
    if note["host"] != socket.gethostname():
        return time.time() - milliseconds(note["started"]) / 1000 < _GRANTED_SECONDS
    if note["birth"] is not None:
        return birth(note["pid"]) == note["birth"]
    try:
        os.kill(note["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _load(path: Path) -> dict[str, Any] | None:
    """A JSON object, or None where the file vanished or is damaged (then it is set aside)."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except ValueError:
        path.rename(path.with_suffix(".damaged"))
        return None


def _hopeless(error: Exception) -> bool:
    """Whether an execution's own content is at fault, so that trying again is in vain."""
    code = getattr(error, "error_code", None)
    return isinstance(error, KeyError | TypeError) or code == "INVALID_PARAMETER_VALUE"


def _stage(path: Path) -> str:
    document = _load(path)
    return str(document["stage"]) if document else path.stem


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
