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
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from passk.config.paths import RECORDS, STATE
from passk.core.digests import digest
from passk.core.files import json_text, write_json, write_once
from passk.provenance import environment
from passk.provenance.lock import LockEntry, path_digest, relative
from passk.provenance.run_record import ExecutionFacts, RunningStage, RunRecord, read_record

__all__ = ["Execution", "enqueue", "find_record", "open_execution", "record_path"]

QUEUE = STATE / "mlflow-queue"  # executions that MLflow does not know yet
RUNNING = STATE / "running"  # stages that run now
ENVIRONMENTS = RECORDS / "environments"


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
        params: parameter file -> the declared parameters, nested as in the file.
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
        measured = {key: _finite(value) for key, value in (metrics or {}).items()}
        record = self._record(entry, metrics=measured)
        path = self.root / record_path(entry)
        write_once(path, json_text(record.document))
        enqueue(replace(record, file=record_path(entry).as_posix()), self.root)
        self._leave()
        return path

    def fail(self, error: BaseException) -> None:
        """Note a failed execution for tracking. Writes nothing under `records/`."""
        entry = LockEntry(self.stage.name, self.stage.cmd, self.deps, self._keys(), {})
        message = f"{type(error).__name__}: {error}"[:4000]
        enqueue(self._record(entry, _exit_status(error), error=message), self.root)
        self._leave()

    def _keys(self) -> dict[str, dict[str, Any]]:
        """Parameter file -> dotted key -> value, as `dvc.lock` has them."""
        return {
            file: {key: _at(self.params[file], key) for key in sorted(keys)}
            for file, keys in self.stage.params.items()
            if keys
        }

    def _record(
        self,
        entry: LockEntry,
        status: int = 0,
        *,
        metrics: Mapping[str, float | None] | None = None,
        error: str = "",
    ) -> RunRecord:
        """The record of this execution, which ends now."""
        ended = datetime.now(UTC)
        facts = ExecutionFacts(
            id=self.id,
            exit_status=status,
            **environment.commit(self.root),
            environment=environment.environment(self.root / ENVIRONMENTS),
            **environment.machine(),
            device=environment.device(),
            started=self.started.isoformat(timespec="milliseconds"),
            ended=ended.isoformat(timespec="milliseconds"),
            seconds=round((ended - self.started).total_seconds(), 3),
            peak_memory_bytes=environment.peak_memory(),
            peak_gpu_memory_bytes=environment.peak_gpu_memory(),
        )
        return RunRecord(
            entry.stage, entry.digest, entry.cmd, entry.params, entry.deps, entry.outs,
            metrics or {}, facts, error,
        )  # fmt: skip

    def _enter(self) -> None:
        """Say that the stage runs, so that tracking can show its training log live."""
        note = RunningStage(
            self.id, self.stage.name, self.stage.cmd, self._keys(), self.started.isoformat(),
            pid=os.getpid(), birth=environment.birth(os.getpid()),
            host=environment.machine()["host"],
        )  # fmt: skip
        write_json(self.root / RUNNING / f"{self.stage.name}.json", asdict(note))

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


def find_record(entry: LockEntry, root: Path = Path()) -> RunRecord | None:
    """The record of a lock entry, or None where this repository has none."""
    path = root / record_path(entry)
    return read_record(path) if path.exists() else None


def enqueue(record: RunRecord, root: Path = Path()) -> None:
    """Queue an execution for tracking, oldest first by name; the same one again changes nothing."""
    name = f"{record.execution.started.replace(':', '')}-{record.execution.id}.json"
    write_json(root / QUEUE / name, record.document)


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
