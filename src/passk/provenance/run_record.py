"""What is written down of an execution of a stage: objects, their JSON, and their digests."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from passk.core.digests import digest
from passk.core.files import read_json
from passk.provenance.lock import LockEntry
from passk.provenance.value_types import Document, RecordError, check_types

VERSION = 2
DIGITS = 32  # of the names of records and lock entries: 128 bits

# Parameter file -> dotted key -> value, as `dvc.lock` has them.
Parameters = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class StartedExecution:
    """What is known of an execution from its start on.

    Attributes:
        id: names it in tracking; new at every run.
        stage: `group@item`, or the group alone.
        cmd: the shell command.
        params: parameter file -> dotted key -> value.
        started: ISO time.
    """

    id: str
    stage: str
    cmd: str
    params: Parameters
    started: str

    @property
    def study(self) -> str:
        """The study that it belongs to."""
        names = (values["study"] for values in self.params.values() if "study" in values)
        return str(next(names, "study"))


@dataclass(frozen=True)
class RunningStage(StartedExecution):
    """The note that a stage leaves while it runs.

    Attributes:
        pid: its process.
        birth: when that process began, in ticks; None where the system does not say.
        host: the machine.
    """

    pid: int
    birth: str | None
    host: str

    @classmethod
    def parse(cls, content: Document) -> Self:
        """The note in its JSON form.

        Raises:
            RecordError: a key is missing, or a value of another type.
        """
        return cls(**_pick(cls, content, "a note of a running stage"))


@dataclass(frozen=True)
class ExecutionFacts:
    """How an execution went, and where.

    Attributes:
        id: names it in tracking; new at every run.
        exit_status: 0 where it succeeded.
        commit: git's hash; None outside a repository.
        dirty: files that differ from that commit, the first 20; None outside a repository.
        environment: digest of the installed packages.
        host, platform, python, device: the machine and what it ran.
        started, ended: ISO times.
        seconds: between them.
        peak_memory_bytes: largest resident set of the process or of a child.
        peak_gpu_memory_bytes: the most that torch held on a GPU; None without one.
        tree: git's tree of the files that ran, where they differ from the commit.
        processor: maker, family, model, stepping, and the instruction sets that matter.
    """

    id: str
    exit_status: int
    commit: str | None
    dirty: Sequence[str] | None
    environment: str
    host: str
    platform: str
    python: str
    device: str
    started: str
    ended: str
    seconds: float
    peak_memory_bytes: int
    peak_gpu_memory_bytes: int | None = None
    tree: str | None = None
    processor: str | None = None

    @property
    def document(self) -> dict[str, object]:
        """Its JSON form; what is optional and not known is left out."""
        optional = {field.name for field in fields(self) if field.default is not MISSING}
        return {k: v for k, v in asdict(self).items() if v is not None or k not in optional}


@dataclass(frozen=True)
class RunRecord:
    """One execution: first what identifies it, then how it went.

    Attributes:
        stage: `group@item`, or the group alone.
        entry: digest of the stage's lock entry: of command, parameters, deps and outs.
        cmd: the shell command; empty in a record of the ledger, as `dvc.lock` has it.
        params: parameter file -> dotted key -> value; likewise.
        deps: path -> digest of what went in; likewise.
        outs: path -> digest of what came out; empty for a failed execution.
        metrics: what the stage measured; None for a number that is not finite.
        execution: how it went.
        parents: digests of the records whose outputs it read, in order.
        error: why it failed, or empty.
        file: where the record lies, relative to the root; empty for a failed execution, and in the
            record itself.
        stated: the digest that the file gives; empty where there was no file.
    """

    stage: str
    entry: str
    cmd: str
    params: Parameters
    deps: Mapping[str, str]
    outs: Mapping[str, str]
    metrics: Mapping[str, float | None]
    execution: ExecutionFacts
    parents: tuple[str, ...] = ()
    error: str = ""
    file: str = ""
    stated: str = ""

    @property
    def digest(self) -> str:
        """Names the record, and with it all records before it: a record's parents are in it."""
        return digest(
            "record", self.stage, self.entry, dict(self.outs), list(self.parents),
            dict(self.metrics), self.execution.document,
        )[:DIGITS]  # fmt: skip

    @property
    def start(self) -> StartedExecution:
        """What was known of it when it started."""
        facts = self.execution
        return StartedExecution(facts.id, self.stage, self.cmd, self.params, facts.started)

    @property
    def line(self) -> dict[str, Any]:
        """What the ledger has of it: what `dvc.lock` does not say, and what makes the chain."""
        return {
            "stage": self.stage,
            "digest": self.digest,
            "entry": self.entry,
            "outs": dict(sorted(self.outs.items())),
            "parents": list(self.parents),
            "metrics": dict(self.metrics),
            "execution": self.execution.document,
        }

    @property
    def document(self) -> dict[str, object]:
        """Its JSON form."""
        return {
            "version": VERSION,
            "stage": self.stage,
            "digest": self.digest,
            "entry": self.entry,
            "cmd": self.cmd,
            "params": self.params,
            "deps": _list_files(self.deps),
            "outs": _list_files(self.outs),
            "parents": list(self.parents),
            "metrics": dict(self.metrics),
            "execution": self.execution.document,
            **({"error": self.error} if self.error else {}),
            **({"record": self.file} if self.file else {}),
        }

    def complete(self, entry: LockEntry) -> "RunRecord":
        """This record with what the lock entry that it names says of it."""
        return replace(self, cmd=entry.cmd, params=entry.params, deps=entry.deps)

    @classmethod
    def parse(cls, content: Document) -> Self:
        """A record, or what the ledger has of it; keys of a later version are left out.

        Raises:
            RecordError: a key is missing, or a value of another type.
        """
        execution = _pick(ExecutionFacts, content.get("execution", {}), "a run record")
        values = {
            "cmd": "", "params": {}, **content,
            **{key: _parse_files(content.get(key, ())) for key in ("deps", "outs")},
            "parents": _as_tuple(content.get("parents", ())),
            "execution": ExecutionFacts(**execution),
            "file": content.get("record", ""), "stated": content.get("digest", ""),
        }  # fmt: skip
        return cls(**_pick(cls, values, "a run record"))


def read_record(path: Path) -> RunRecord:
    """The record that a file holds.

    Raises:
        ValueError: the file is no record.
    """
    content = read_json(path, "delete it: the ledger has what git knows of it")
    try:
        return RunRecord.parse(content)
    except (RecordError, AttributeError, KeyError, TypeError) as error:
        raise RecordError(f"{path}: {error}") from error


def _list_files(digests: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"path": path, "md5": md5} for path, md5 in sorted(digests.items())]


def _parse_files(files: Mapping[str, str] | Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Path -> digest, of a line's mapping or of a record's list."""
    return (
        dict(files) if isinstance(files, Mapping) else {item["path"]: item["md5"] for item in files}
    )


def _pick(schema: type, content: Document, what: str) -> dict[str, Any]:
    """The values of a data class's fields."""
    names = {field.name: field.default is MISSING for field in fields(schema)}
    missing = [name for name, needed in names.items() if needed and name not in content]
    if missing:
        raise RecordError(f"not {what}: keys {', '.join(missing)} are missing")
    picked = {name: content[name] for name in names if name in content}
    check_types(schema, picked, what)
    return picked


def _as_tuple(value: object) -> object:
    """A list of JSON as a tuple; other values as they are."""
    return tuple(value) if isinstance(value, list) else value
