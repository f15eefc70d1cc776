"""Run records: one write-once JSON file per execution of a stage, under `.passk/records`.

A record is found by the digest of the stage's lock entry (command, parameters, digests of all that
went in and came out), so a stage that DVC restores from its cache finds the record of the run that
made it: a copy of each record lies in DVC's cache, for every clone that shares it, and what
`dvc.lock` names has a line in the ledger (`passk.provenance.ledger`), in git. A record names the
records whose outputs it read. A failed stage leaves no record; a note for tracking is queued
instead.

    execution = open_execution(stage, {"params.yaml": {...}})   # before: digests of what goes in
    record = execution.finish({"reward": 0.4})                  # after: digests of what came out
"""

import json
import math
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from passk.config.dotted_keys import value_at
from passk.config.paths import STATE
from passk.core.digests import digest
from passk.core.files import write_json
from passk.provenance import environment
from passk.provenance.code_state import CodeState, read_code_state
from passk.provenance.ledger import LedgerError, index_ledger, read_ledger
from passk.provenance.lock import Contents, LockEntry, read_contents, relative
from passk.provenance.parents import find_parents
from passk.provenance.record_store import RecordStore, open_stores
from passk.provenance.run_record import ExecutionFacts, RunningStage, RunRecord

__all__ = ["Execution", "enqueue", "find_record", "open_execution"]

QUEUE = STATE / "mlflow-queue"  # executions that MLflow does not know yet
RUNNING = STATE / "running"  # stages that run now

Values = Mapping[str, object]  # of a parameter file, nested as there


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
        parents: digests of the records whose outputs go in.
        code: git's state when it started.
        root: the project's root.
        id: names this execution in tracking; unlike the lock entry's digest, new at every run.
    """

    stage: StageLike
    params: Mapping[str, Values]
    deps: Mapping[str, str]
    parents: tuple[str, ...]
    code: CodeState
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
        contents = _read_all(
            self.stage.outs, self.root, f"{self.stage.name} did not write its output"
        )
        measured = {key: _finite(value) for key, value in (metrics or {}).items()}
        record = self._record(_digests(contents), metrics=measured)
        own, *shared = open_stores(self.root)
        genuine = (store.find_genuine(record.entry) for store in (own, *shared))
        known = next((r for r in genuine if r), record)
        kept = own.add(known, contents)
        for store in shared:
            with suppress(OSError):  # a cache that is not ours to write
                store.add(kept, contents)
        path = own.path(kept.digest)
        file = path.relative_to(self.root).as_posix()
        enqueue(replace(record, file=file), self.root)
        self._leave()
        return path

    def fail(self, error: BaseException) -> None:
        """Note a failed execution for tracking. Writes no record."""
        message = f"{type(error).__name__}: {error}"[:4000]
        enqueue(self._record({}, _exit_status(error), error=message), self.root)
        self._leave()

    def _keys(self) -> dict[str, dict[str, object]]:
        """Parameter file -> dotted key -> value, as `dvc.lock` has them."""
        return {
            file: {key: value_at(self.params[file], key) for key in sorted(keys)}
            for file, keys in self.stage.params.items()
            if keys
        }

    def _record(
        self,
        outs: Mapping[str, str],
        status: int = 0,
        *,
        metrics: Mapping[str, float | None] | None = None,
        error: str = "",
    ) -> RunRecord:
        """The record of this execution, which ends now."""
        entry = LockEntry(self.stage.name, self.stage.cmd, self.deps, self._keys(), outs)
        ended = datetime.now(UTC)
        folders = [store.environments for store in open_stores(self.root)]
        facts = ExecutionFacts(
            id=self.id,
            exit_status=status,
            commit=self.code.commit,
            dirty=self.code.dirty,
            tree=self.code.tree,
            environment=environment.environment(folders),
            **environment.machine(),
            device=environment.device(),
            processor=environment.processor(),
            started=self.started.isoformat(timespec="milliseconds"),
            ended=ended.isoformat(timespec="milliseconds"),
            seconds=round((ended - self.started).total_seconds(), 3),
            peak_memory_bytes=environment.peak_memory(),
            peak_gpu_memory_bytes=environment.peak_gpu_memory(),
        )
        return RunRecord(
            entry.stage, entry.digest, entry.cmd, entry.params, entry.deps, entry.outs,
            metrics or {}, facts, self.parents, error,
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


def open_execution(
    stage: StageLike, params: Mapping[str, Values], root: Path = Path()
) -> Execution:
    """Begin an execution: take the digests of what goes in, and the time.

    Args:
        stage: what runs.
        params: parameter file -> its values, nested as in the file; the declared ones at least.
        root: the project's root.

    Raises:
        ValueError: a dependency is missing.
    """
    contents = _read_all(stage.deps, root, f"{stage.name} needs an input")
    index_ledger(root)
    parents = find_parents(contents, open_stores(root))
    code = read_code_state(root)
    execution = Execution(stage, params, _digests(contents), parents, code, root)
    execution._enter()
    return execution


def find_record(
    entry: LockEntry, root: Path = Path(), stores: tuple[RecordStore, ...] = ()
) -> RunRecord | None:
    """The record of a lock entry: the study's, the ledger's, or one in a shared cache.

    Args:
        entry: of `dvc.lock`.
        root: the project's root.
        stores: where to look, if known; otherwise found from the root.
    """
    own, *shared = stores or open_stores(root)
    known = own.find(entry.digest)
    if known is None:
        with suppress(LedgerError):
            known = read_ledger(root).find(entry.digest)
    if known is None:
        known = next((r for s in shared if (r := s.find(entry.digest))), None)
    return None if known is None else known.complete(entry)


def enqueue(record: RunRecord, root: Path = Path()) -> None:
    """Queue an execution for tracking, oldest first by name; the same one again changes nothing."""
    name = f"{record.execution.started.replace(':', '')}-{record.execution.id}.json"
    write_json(root / QUEUE / name, record.document)


def _read_all(paths: tuple[str, ...], root: Path, complaint: str) -> dict[str, Contents]:
    """Normal path -> what it holds, of a stage's files and folders."""
    for path in paths:
        if not (root / path).exists():
            raise ValueError(f"{complaint}: {path}; run `dvc repro` for the stage that makes it")
    return {relative(path, root): read_contents(root / path, root) for path in sorted(paths)}


def _digests(contents: Mapping[str, Contents]) -> dict[str, str]:
    return {path: inner.md5 for path, inner in contents.items()}


def _finite(value: float) -> float | None:
    """A number that JSON can hold; NaN and infinities become null."""
    return float(value) if math.isfinite(value) else None


def _exit_status(error: BaseException) -> int:
    return error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1
