"""What is written down of an execution of a stage, as objects and as the JSON that git keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from passk.core.files import read_json

VERSION = 1


class RecordError(ValueError):
    """A file is no run record; the message names what is missing."""


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
    params: Mapping[str, Mapping[str, Any]]
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
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """The note in its JSON form.

        Raises:
            RecordError: a key is missing.
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

    @property
    def document(self) -> dict[str, Any]:
        """Its JSON form."""
        content = asdict(self)
        if self.peak_gpu_memory_bytes is None:
            del content["peak_gpu_memory_bytes"]
        return content


@dataclass(frozen=True)
class RunRecord:
    """One execution: first what identifies it, then how it went.

    Attributes:
        stage: `group@item`, or the group alone.
        entry: digest of the stage's lock entry; it names the record.
        cmd: the shell command.
        params: parameter file -> dotted key -> value.
        deps: path -> digest of what went in.
        outs: path -> digest of what came out; empty for a failed execution.
        metrics: what the stage measured; None for a number that is not finite.
        execution: how it went.
        error: why it failed, or empty.
        file: where the record lies, relative to the root; empty for a failed execution, and in the
            record itself.
    """

    stage: str
    entry: str
    cmd: str
    params: Mapping[str, Mapping[str, Any]]
    deps: Mapping[str, str]
    outs: Mapping[str, str]
    metrics: Mapping[str, float | None]
    execution: ExecutionFacts
    error: str = ""
    file: str = ""

    @property
    def start(self) -> StartedExecution:
        """What was known of it when it started."""
        facts = self.execution
        return StartedExecution(facts.id, self.stage, self.cmd, self.params, facts.started)

    @property
    def document(self) -> dict[str, Any]:
        """Its JSON form."""
        return {
            "version": VERSION,
            "stage": self.stage,
            "entry": self.entry,
            "cmd": self.cmd,
            "params": self.params,
            "deps": _list_files(self.deps),
            "outs": _list_files(self.outs),
            "metrics": dict(self.metrics),
            "execution": self.execution.document,
            **({"error": self.error} if self.error else {}),
            **({"record": self.file} if self.file else {}),
        }

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """A record in its JSON form; keys of a later version are left out.

        Raises:
            RecordError: a key is missing.
        """
        files = {
            key: {item["path"]: item["md5"] for item in content.get(key, ())}
            for key in ("deps", "outs")
        }
        values = {**content, **files, "file": content.get("record", "")}
        picked = _pick(cls, values, "a run record")
        facts = _pick(ExecutionFacts, picked["execution"], "a run record")
        return cls(**{**picked, "execution": ExecutionFacts(**facts)})


def read_record(path: Path) -> RunRecord:
    """The record that a file holds.

    Raises:
        ValueError: the file is no record.
    """
    content = read_json(path, "restore it by `git checkout records`")
    try:
        return RunRecord.parse(content)
    except (RecordError, AttributeError, TypeError) as error:
        raise RecordError(f"{path}: {error}") from error


def _list_files(digests: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"path": path, "md5": md5} for path, md5 in sorted(digests.items())]


def _pick(schema: type, content: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The values of a data class's fields."""
    names = {field.name: field.default is MISSING for field in fields(schema)}
    missing = [name for name, needed in names.items() if needed and name not in content]
    if missing:
        raise RecordError(f"not {what}: keys {', '.join(missing)} are missing")
    return {name: content[name] for name in names if name in content}
