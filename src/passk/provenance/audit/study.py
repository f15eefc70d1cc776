"""What an audit looks at, and what it says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from passk.provenance.dvc_cache import find_cache
from passk.provenance.lock import LockEntry, path_digest
from passk.provenance.records import StageLike

SHOWN = 4  # stages, files or components of one finding
Components = Mapping[str, Mapping[str, str]]  # stage -> component -> digest


@dataclass(frozen=True)
class AuditFault:
    """Something that is not as it should be.

    Attributes:
        path: the file at fault.
        stage: whose it is; empty where it is no one stage's.
        problem: what it is, and what it should be.
        remedy: what to do, mostly a command; it works as it stands.
        cause: equal in faults that one thing made; empty where file, problem and remedy say it.
    """

    path: str
    stage: str
    problem: str
    remedy: str
    cause: str = ""

    def __str__(self) -> str:
        stage = f" ({self.stage})" if self.stage else ""
        return f"{self.path}{stage}: {self.problem}; {self.remedy}"


@dataclass
class AuditCheck:
    """One check of an audit.

    Attributes:
        title: what should hold.
        unit: what was looked at, in the plural.
        looked_at: how many of them.
        faults: what does not hold.
        unchecked: what could not be looked at, and why.
    """

    title: str
    unit: str
    looked_at: int = 0
    faults: list[AuditFault] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def fault(self, path: object, stage: str, problem: str, remedy: str, cause: str = "") -> None:
        """Note something that is not as it should be; see `AuditFault`."""
        self.faults.append(AuditFault(str(path), stage, problem, remedy, cause))

    def skip(self, reason: str) -> None:
        """Note, once, what could not be looked at."""
        if reason not in self.unchecked:
            self.unchecked.append(reason)

    @property
    def state(self) -> str:
        """FAILED, ok, or `not checked` where there was nothing to look at."""
        return "FAILED" if self.faults else "ok" if self.looked_at else "not checked"


@dataclass(frozen=True)
class AuditedStudy:
    """A study as an audit sees it.

    Attributes:
        stages: the DAG, by name.
        entries: `dvc.lock`, by stage.
        values: the parameters, nested as in `params.yaml`.
        components: each stage's components in the installed code; None where nobody says.
        root: the project's root.
        deep: whether every object of the cache is read, and every table computed again.
    """

    stages: Mapping[str, StageLike]
    entries: Mapping[str, LockEntry]
    values: Mapping[str, object]
    components: Components | None = None
    root: Path = Path()
    deep: bool = False
    _digests: dict[str, str | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The study's name."""
        return str(self.values.get("study", ""))

    @property
    def locked(self) -> Mapping[str, LockEntry]:
        """Lock entries of the stages that the parameters name, in order of name."""
        return {name: self.entries[name] for name in sorted(self.stages) if name in self.entries}

    @property
    def cache(self) -> Path | None:
        """DVC's cache."""
        return find_cache(self.root)

    def digest(self, path: str) -> str | None:
        """DVC's digest of a file or folder at hand; None where it is not here."""
        if path not in self._digests:
            file = self.root / path
            self._digests[path] = path_digest(file, self.root) if file.exists() else None
        return self._digests[path]

    def names(self, section: str) -> Sequence[str]:
        """The items of a section of the parameters."""
        items = self.values.get(section)
        return sorted(items) if isinstance(items, Mapping) else ()

    @property
    def questions(self) -> Sequence[str]:
        """What the analyses answer."""
        return [
            name.partition("@")[2] for name in sorted(self.stages) if name.startswith("analyze@")
        ]


def list_names(names: Sequence[str]) -> str:
    """The first few of some names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def flatten_outs(entries: Iterable[LockEntry]) -> dict[str, tuple[str, str]]:
    """Path -> stage and digest, of all that the stages wrote."""
    return {path: (e.stage, md5) for e in entries for path, md5 in e.outs.items()}
