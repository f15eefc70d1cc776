"""Run records: one write-once JSON file per execution of a stage, kept in git under `records/`.

A record is named by the digest of the stage's lock entry (command, parameters, digests of all that
went in and came out), so a stage that DVC restores from its cache finds the record of the run that
made it. A failed stage leaves no record; a note for tracking is queued instead.

    execution = open_execution(stage, params)      # before the stage: digests of what goes in
    record = execution.finish({"reward": 0.4})     # after: digests of what came out
"""

import json
import math
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from passk.config.paths import RECORDS, STATE
from passk.core.digests import digest
from passk.core.files import json_text, read_json, write_json, write_once
from passk.provenance import environment
from passk.provenance.lock import LockEntry, lock_digest, path_digest, relative

__all__ = ["Execution", "find", "lock_digest", "open_execution", "read_record", "record_path"]

QUEUE = STATE / "mlflow-queue"  # executions that MLflow does not know yet
RUNNING = STATE / "running"  # stages that run now
ENVIRONMENTS = RECORDS / "environments"
VERSION = 1


class StageLike(Protocol):
    """What a record needs to know of a stage; `passk.pipeline.dag.Stage` has it."""

    @property
    def name(self) -> str: ...
    @property
    def cmd(self) -> str: ...
    @property
    def deps(self) -> tuple[str, ...]: ...
    @property
    def outs(self) -> tuple[str, ...]: ...
    @property
    def params(self) -> Mapping[str, tuple[str, ...]]: ...


@dataclass
class Execution:
    """One execution of a stage, from before it starts until its record is written.

    Attributes:
        stage: name, command, dependencies, outputs and declared keys.
        params: the declared parameters, nested as in the parameter file.
        deps: path -> digest of what goes in.
        root: the project's root.
        id: names this execution in tracking; unlike the record's name, new at every run.
    """

    stage: StageLike
    params: Mapping[str, Any]
    deps: Mapping[str, str]
    root: Path
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def inputs(self) -> str:
        """Digest of dependencies and parameters; a resume folder is keyed by it."""
        return digest("inputs", dict(self.deps), json.loads(json.dumps(self._keys(), default=str)))

    def finish(self, metrics: Mapping[str, float] | None = None) -> Path:
        """Write the record, unless this lock entry has one; returns its path either way.

        Raises:
            ValueError: a declared output is missing.
        """
        outs = _digests(self.stage.outs, self.root, f"{self.stage.name} did not write its output")
        entry = LockEntry(self.stage.name, self.stage.cmd, self.deps, self._keys(), outs)
        document = self._document(entry, 0)
        document["metrics"] = {key: _finite(value) for key, value in (metrics or {}).items()}
        path = self.root / record_path(entry)
        write_once(path, json_text(document))
        enqueue({**document, "record": record_path(entry).as_posix()}, self.root)
        self._leave()
        return path

    def fail(self, error: BaseException) -> None:
        """Note a failed execution for tracking. Writes nothing under `records/`."""
        entry = LockEntry(self.stage.name, self.stage.cmd, self.deps, self._keys(), {})
        document = self._document(entry, _exit_status(error))
        document["error"] = f"{type(error).__name__}: {error}"[:4000]
        enqueue(document, self.root)
        self._leave()

    def _keys(self) -> dict[str, dict[str, Any]]:
        """Parameter file -> dotted key -> value, as `dvc.lock` has them."""
        return {
            file: {key: _at(self.params, key) for key in sorted(keys)}
            for file, keys in self.stage.params.items()
            if keys
        }

    def _document(self, entry: LockEntry, status: int) -> dict[str, Any]:
        """The record's content: first what identifies the execution, then how it went."""
        ended = datetime.now(UTC)
        return {
            "version": VERSION,
            "stage": entry.stage,
            "entry": entry.digest,
            "cmd": entry.cmd,
            "params": entry.params,
            "deps": [{"path": p, "md5": m} for p, m in sorted(entry.deps.items())],
            "outs": [{"path": p, "md5": m} for p, m in sorted(entry.outs.items())],
            "metrics": {},
            "execution": {
                "id": self.id,
                "exit_status": status,
                **environment.commit(self.root),
                "environment": environment.environment(self.root / ENVIRONMENTS),
                **environment.machine(),
                "device": environment.device(),
                "started": self.started.isoformat(timespec="milliseconds"),
                "ended": ended.isoformat(timespec="milliseconds"),
                "seconds": round((ended - self.started).total_seconds(), 3),
                "peak_memory_bytes": environment.peak_memory(),
                **environment.peak_gpu_memory(),
            },
        }

    def _enter(self) -> None:
        """Say that the stage runs, so that tracking can show its training log live."""
        note = {"id": self.id, "stage": self.stage.name, "pid": os.getpid(),
            "birth": environment.birth(os.getpid()), "cmd": self.stage.cmd,
                "host": environment.machine()["host"], "started": self.started.isoformat(),
                "params": self._keys()}  # fmt: skip
        write_json(self.root / RUNNING / f"{self.stage.name}.json", note)

    def _leave(self) -> None:
        (self.root / RUNNING / f"{self.stage.name}.json").unlink(missing_ok=True)


def open_execution(stage: StageLike, params: Mapping[str, Any], root: Path = Path()) -> Execution:
    """Begin an execution: take the digests of what goes in, and the time.

    Raises:
        ValueError: a dependency is missing.
    """
    deps = _digests(stage.deps, root, f"{stage.name} needs an input")
    execution = Execution(stage, params, deps, root)
    execution._enter()
    return execution


def record_path(entry: LockEntry) -> Path:
    """Where the record of a lock entry lies, relative to the root."""
    return RECORDS / entry.stage / f"{entry.digest[:16]}.json"


def find(entry: LockEntry, root: Path = Path()) -> dict[str, Any] | None:
    """The record of a lock entry, or None where this repository has none."""
    path = root / record_path(entry)
    return read_record(path) if path.exists() else None


def read_record(path: Path) -> dict[str, Any]:
    """A record's content.

    Raises:
        ValueError: the file is no record.
    """
    document = read_json(path, "restore it by `git checkout records`")
    if not isinstance(document, dict) or not {"stage", "execution", "cmd"} <= document.keys():
        raise ValueError(f"{path}: not a run record: a key of stage, execution, cmd is missing")
    return document


def enqueue(document: Mapping[str, Any], root: Path = Path()) -> None:
    """Queue an execution for tracking, oldest first by name; the same one again changes nothing."""
    execution = document["execution"]
    write_json(
        root / QUEUE / f"{execution['started'].replace(':', '')}-{execution['id']}.json", document
    )


def _digests(paths: tuple[str, ...], root: Path, complaint: str) -> dict[str, str]:
    """Normal path -> digest of a stage's files and folders."""
    for path in paths:
        if not (root / path).exists():
            raise ValueError(f"{complaint}: {path}; run `dvc repro` for the stage that makes it")
    return {relative(path, root): path_digest(root / path, root) for path in sorted(paths)}


def _at(values: Mapping[str, Any], key: str) -> object:
    """The value at a dotted key of nested dictionaries."""
    value: Any = values
    for part in key.split("."):
        value = value[part]
    return value


def _finite(value: float) -> float | None:
    """A number that JSON can hold; NaN and infinities become null."""
    return float(value) if math.isfinite(value) else None


def _exit_status(error: BaseException) -> int:
    return error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1
