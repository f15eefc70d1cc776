"""The ledger: `ledger.jsonl` in git, a record of each execution that `dvc.lock` names.

A record holds what the lock does not say: how and where it ran, what it measured, and the digests
of the records whose outputs it read. A line has those of a stage group (`ledger_lines`); git merges
line by line (`merge=union`), and the next update drops what is double. Records that others name as
their parents stay, also when the lock has moved on, as long as they are named: so the ledger is a
chain whatever was merged or dropped. Environments (installed packages) are lines of their own.

    update_ledger()         # from the records and the lock; does nothing where nothing changed
    read_ledger().find(entry.digest)
"""

import fcntl
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from passk.config.paths import LEDGER, RECORDS
from passk.core.files import write_once, write_text
from passk.provenance.environment import environment_digest
from passk.provenance.ledger_lines import build_lines, parse_environment, parse_line
from passk.provenance.lock import LOCK, LockEntry, read_lock
from passk.provenance.record_store import RecordStore, open_stores, own_store
from passk.provenance.run_record import RunRecord

_SEEN = RECORDS / "ledger-seen"  # the state of the ledger that the store knows
_COMPLETE = RECORDS / "ledger-complete"  # the lock that all of the ledger's records answer to
_BUSY = RECORDS / "ledger.lock"


class LedgerError(ValueError):
    """A line of the ledger cannot be read; the message names it."""


@dataclass(frozen=True)
class Ledger:
    """What the ledger holds.

    Attributes:
        records: digest that it states -> record, without command, parameters and deps.
        environments: name -> packages.
    """

    records: Mapping[str, RunRecord] = field(default_factory=dict)
    environments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def find(self, entry: str) -> RunRecord | None:
        """The record of a lock entry, by its digest; after a merge the earlier of two."""
        known = self._by_entry.get(entry, ())
        return min(known, key=lambda r: (r.execution.started, r.digest), default=None)

    def answers(self, entries: Iterable[LockEntry]) -> bool:
        """Whether it has a record of each entry of a lock, and each record that these name."""
        parents = {parent for record in self.records.values() for parent in record.parents}
        return parents <= set(self.records) and all(self.find(e.digest) for e in entries)

    @cached_property
    def _by_entry(self) -> Mapping[str, list[RunRecord]]:
        groups: dict[str, list[RunRecord]] = {}
        for record in self.records.values():
            groups.setdefault(record.entry, []).append(record)
        return groups

    @property
    def text(self) -> str:
        """The file's text: environments first, then records by stage group."""
        packages = sorted(self.environments.items())
        lines: list[Mapping[str, object]] = [
            *({"environment": name, "packages": list(names)} for name, names in packages),
            *build_lines(self.records.values()),
        ]
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def read_ledger(root: Path = Path()) -> Ledger:
    """The ledger; empty where there is none.

    Raises:
        LedgerError: a line is damaged.
    """
    path = root / LEDGER
    try:
        state = path.stat()
    except FileNotFoundError:
        return Ledger()
    return _read(path.resolve(), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, time: int, size: int) -> Ledger:
    """The ledger in one of its states."""
    return parse_ledger(path.read_text(encoding="utf-8"), str(path.name))


def parse_ledger(text: str, source: str = str(LEDGER)) -> Ledger:
    """The ledger from its text; a line that stands twice counts once.

    Raises:
        LedgerError: a line is damaged.
    """
    records: dict[str, RunRecord] = {}
    environments: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
            if "environment" in content:
                environments |= parse_environment(content)
            else:
                records |= {record.stated: record for record in parse_line(content)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LedgerError(
                f"{source}, line {number}: not a line of the ledger ({error}); "
                f"git checkout {LEDGER}, or delete the line and run passk track"
            ) from error
    return Ledger(records, environments)


def update_ledger(root: Path = Path()) -> bool:
    """Bring the ledger up to date with the lock; True if its text changed.

    What the lock names and no record is known of is not in it: `passk audit` says so. Its record
    may come later, with a shared cache, so the next call looks again.

    Raises:
        LedgerError, ValueError: ledger or lock cannot be read.
    """
    if not (root / LOCK).exists():
        return False
    with _alone(root):
        lock_state = _state(root, LOCK)  # before it is read: DVC may write it meanwhile
        if _text(root / _COMPLETE) == f"{lock_state} {_state(root, LEDGER)}":
            return False
        entries = read_lock(root).values()
        new = gather(entries, read_ledger(root), open_stores(root))
        changed = new.text != _text(root / LEDGER)
        if changed:
            write_text(root / LEDGER, new.text)
        _index(root)
        if new.answers(entries):
            write_text(root / _COMPLETE, f"{lock_state} {_state(root, LEDGER)}")
    return changed


def drop_records(entry: str, root: Path = Path()) -> None:
    """Remove the records of a lock entry, by the entry's digest."""
    with _alone(root):
        ledger = read_ledger(root)
        kept = {name: r for name, r in ledger.records.items() if r.entry != entry}
        if len(kept) < len(ledger.records):
            write_text(root / LEDGER, Ledger(kept, ledger.environments).text)


def gather(entries: Iterable[LockEntry], old: Ledger, stores: Iterable[RecordStore]) -> Ledger:
    """The ledger that a lock asks for, from an older one and from records.

    A record whose digest is not what its content gives counts for nothing.
    """
    stores = tuple(stores)
    genuine = {name: r for name, r in old.records.items() if r.digest == name}
    known = Ledger(genuine, old.environments)
    records: dict[str, RunRecord] = {}
    for entry in entries:
        options = (known.find(entry.digest), *(store.find(entry.digest) for store in stores))
        record = next((r for r in options if r and r.digest == r.stated), None)
        if record is not None and record.outs == dict(entry.outs):
            records[record.digest] = record
    queue = [parent for record in records.values() for parent in record.parents]
    while queue:
        name = queue.pop()
        if name in records:
            continue
        options = (genuine.get(name), *(store.read(name) for store in stores))
        record = next((r for r in options if r and r.digest == name), None)
        if record is not None:
            records[name] = record
            queue += record.parents
    wanted = {record.execution.environment for record in records.values()}
    packages = {name: _packages(name, known, stores) for name in wanted}
    return Ledger(records, {name: names for name, names in packages.items() if names})


def index_ledger(root: Path = Path()) -> None:
    """Tell the store of the records of a ledger that it has not seen, e.g. in a fresh clone."""
    if (root / LEDGER).exists() and _text(root / _SEEN) != _state(root, LEDGER):
        with _alone(root), suppress(LedgerError):
            _index(root)


def _index(root: Path) -> None:
    """Keep all records of the ledger in the study's store; what it has stays."""
    ledger = read_ledger(root)
    store = own_store(root)
    for record in ledger.records.values():
        if record.digest == record.stated and store.find_genuine(record.entry) is None:
            store.add(record, {})
    for name, packages in ledger.environments.items():
        path = store.environments / f"{name}.txt"
        if not path.exists():
            write_once(path, "".join(f"{package}\n" for package in packages))
    write_text(root / _SEEN, _state(root, LEDGER))


def _packages(name: str, known: Ledger, stores: Iterable[RecordStore]) -> tuple[str, ...]:
    """The packages of an environment; empty where nobody knows them, or they are others."""
    texts = ["\n".join(known.environments.get(name, ()))]
    texts += [_text(store.environments / f"{name}.txt") for store in stores]
    right = (text for text in texts if text and environment_digest(text) == name)
    return tuple(next(right, "").splitlines())


def _state(root: Path, *files: Path) -> str:
    """Times and sizes of files: what changes when one is written."""
    states = [(root / file).stat() if (root / file).exists() else None for file in files]
    return " ".join(f"{s.st_mtime_ns}-{s.st_size}" if s else "none" for s in states)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep other processes of this study away; the system lets go when a process dies."""
    path = root / _BUSY
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
