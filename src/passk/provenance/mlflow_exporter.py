"""What stages left behind, moved into MLflow: executions, and training logs as they grow."""

import json
import os
import socket
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from passk.config.paths import LIVE, STATE
from passk.core.files import read_json_lines, write_json
from passk.provenance.environment import birth
from passk.provenance.lock import path_digest
from passk.provenance.mlflow_runs import Experiment, milliseconds, open_experiment
from passk.provenance.records import QUEUE, RUNNING
from passk.provenance.run_record import RecordError, RunningStage, RunRecord, StartedExecution

OFFSETS = STATE / "mlflow-live.json"
_GRANTED_SECONDS = 86_400.0


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


def queued(root: Path = Path()) -> list[Path]:
    """Executions that wait, oldest first."""
    return sorted((root / QUEUE).glob("*.json"))


class Drain:
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
                content = load(path)
                if content is None:
                    continue
                try:
                    record = RunRecord.parse(content)
                    if self._add(record):
                        report.added.append(record.stage)
                    path.unlink(missing_ok=True)
                except Exception as error:
                    if not _hopeless(error):
                        raise
                    path.rename(path.with_suffix(".damaged"))
                    print(f"{path}: set aside: {traceback.format_exc()}", file=sys.stderr)
            for note in running(self.root):
                self._watch(note)
        except Exception as error:  # whatever a store raises, records must wait
            self.experiment = None
            report.error = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            print(f"{time.strftime('%F %T')} {traceback.format_exc()}", file=sys.stderr)
        report.waiting = len(queued(self.root))
        return report

    def _add(self, record: RunRecord) -> bool:
        """Bring one execution into MLflow; False if it was there."""
        experiment = self._connected()
        self._tail(record.start)
        self._final(record)
        added = experiment.add(record)
        self._forget(record.execution.id)
        return added

    def _connected(self) -> Experiment:
        if self.experiment is None:
            self.experiment = open_experiment(self.root)
        return self.experiment

    def _watch(self, note: RunningStage) -> None:
        """Follow the training log of a running stage; close the run of a killed one."""
        path = self.root / RUNNING / f"{note.stage}.json"
        if not is_alive(note):
            if not path.exists():
                return  # it ended properly since the note was read; its execution is queued
            if state := self.offsets.get(note.id):
                self._connected().abandon(state["run"])
                self._forget(note.id)
            path.unlink(missing_ok=True)
            return
        self._tail(note)

    def _tail(self, start: StartedExecution) -> None:
        """Send the rows of a live training log that MLflow does not have yet."""
        path = _live_log(start, self.root)
        if path is None:
            return
        state = self.offsets.get(start.id)
        content = path.read_bytes()
        offset = state["offset"] if state and state["offset"] <= len(content) else 0
        end = content.rfind(b"\n") + 1  # the last line may be half-written
        if end <= offset:
            return
        rows = [json.loads(line) for line in content[offset:end].splitlines()]
        run, finished = self._connected().child(start)
        if not finished:
            self._connected().steps(run, rows, int(path.stat().st_mtime * 1000))
        self.offsets[start.id] = {"run": run, "offset": end}
        self._save()

    def _final(self, record: RunRecord) -> None:
        """Send the training log that a stage wrote, where no live one was followed."""
        if record.execution.id in self.offsets:
            return
        for out, md5 in record.outs.items():
            path = self.root / out
            log = path.suffix == ".jsonl" and path.parent.name == "training"
            if log and path.exists() and path_digest(path) == md5:
                run, finished = self._connected().child(record.start)
                if not finished:
                    rows = read_json_lines(path)
                    ended = milliseconds(record.execution.ended)
                    self._connected().steps(run, rows, ended)

    def _forget(self, identity: str) -> None:
        if self.offsets.pop(identity, None):
            self._save()

    def _save(self) -> None:
        write_json(self.root / OFFSETS, self.offsets)


def _live_log(start: StartedExecution, root: Path) -> Path | None:
    """The live training log of an execution: named by its stage or item, and not older than it."""
    started = milliseconds(start.started) / 1000
    names = {f"{start.stage}.jsonl", f"{start.stage.partition('@')[2]}.jsonl"}
    fresh = (p for p in (root / LIVE).rglob("*.jsonl") if p.stat().st_mtime >= started - 0.01)
    return next((path for path in fresh if path.name in names), None)


def running(root: Path) -> list[RunningStage]:
    """Notes of the executions that run now, or were killed and left theirs behind."""
    notes = (load(path) for path in sorted((root / RUNNING).glob("*.json")))
    return [RunningStage.parse(note) for note in notes if note is not None]


def is_alive(note: RunningStage) -> bool:
    """Whether the process of a note still runs; on another host, nobody knows: a day is granted."""
    if note.host != socket.gethostname():
        return time.time() - milliseconds(note.started) / 1000 < _GRANTED_SECONDS
    if note.birth is not None:
        return birth(note.pid) == note.birth
    try:
        os.kill(note.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def load(path: Path) -> dict[str, Any] | None:
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
    return (
        isinstance(error, KeyError | TypeError | RecordError) or code == "INVALID_PARAMETER_VALUE"
    )
