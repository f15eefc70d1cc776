"""A study made by the version before, brought to today's: parameters, lock, records.

The version before kept run records in git under `records/`, had the sections `select` and
`answers` and a stage `catalog`, and its lock held the source files that each stage used.

Carried over: parameters with their comments; the lock's entries, by today's names and without
source files; each execution's record, with the parents that the lock gives it; the block store,
whose names hang on no file of this package. What is not carried over is said in plain sentences.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

from ruamel.yaml import YAML

from passk.config.paths import BLOCKS, COMPONENTS, LEDGER, PARAMS, RESUME
from passk.core.files import write_once, write_text
from passk.provenance.ledger import read_ledger, update_ledger
from passk.provenance.lock import LOCK, LockEntry, RawEntry, parse, read_lock
from passk.provenance.old_parameters import rename_key, rename_text, rename_values
from passk.provenance.record_store import own_store
from passk.provenance.run_record import RecordError, RunRecord, read_record

OLD_RECORDS = Path("records")
_GROUPS = {"select": "rejection_sampling", "answers": "reference_answers", "catalog": "manifest"}
_CODE = "src/"

# Stage -> dotted key -> value of `components.json`.
Components = Mapping[str, Mapping[str, object]]


@dataclass
class Migration:
    """What was done to a study, and what remains.

    Attributes:
        done: a sentence for each thing that was brought over.
        remains: a sentence for each kind of thing that was not, and what becomes of it.
    """

    done: list[str] = field(default_factory=list)
    remains: list[str] = field(default_factory=list)


def migrate(root: Path = Path(), components: Components | None = None) -> Migration:
    """Bring a study to today's form; doing it again changes nothing.

    Args:
        root: the study's folder.
        components: of the installed code, for stages whose outputs are the same bytes as before:
            they are taken as up to date. Without, DVC runs them again, or restores them.

    Raises:
        ValueError: parameters or lock cannot be read.
    """
    outcome = Migration()
    _migrate_parameters(root, outcome)
    raw = _rename_lock(root, components or {})
    if raw is not None:  # the lock comes last: whoever is ended before it begins again
        _migrate_records(root, raw.entries, outcome)
        _rename_outputs(root, (old for old, _ in raw.entries.values()))
        write_text(root / LOCK, raw.text)
        number = len(raw.entries)
        outcome.done.append(f"{LOCK}: {number} stages by today's names, without source files")
    update_ledger(root)
    _say_what_remains(root, components is not None, raw is not None, outcome)
    return outcome


def _migrate_parameters(root: Path, outcome: Migration) -> None:
    path = root / PARAMS
    text, renamings = rename_text(path.read_text(encoding="utf-8"))
    if renamings:
        write_text(path, text)
        names = ", ".join(dict.fromkeys(f"{r.old} -> {r.new}" for r in renamings))
        outcome.done.append(f"{PARAMS}: {len(renamings)} names ({names}); comments stay")


@dataclass(frozen=True)
class _RenamedLock:
    """A lock by today's names: its text, and new name -> entry as it was and as it is now."""

    text: str
    entries: Mapping[str, tuple[LockEntry, LockEntry]]


def _rename_lock(root: Path, components: Components) -> _RenamedLock | None:
    """The lock by today's names; None where it is of today already. Writes nothing."""
    path = root / LOCK
    if not path.exists():
        return None
    stages = (YAML(typ="safe").load(path) or {}).get("stages") or {}
    old = {name: parse(name, entry, root) for name, entry in stages.items()}
    if not any(_is_old(entry) for entry in old.values()):
        return None
    renamed = {_new_name(name): _new_entry(entry) for name, entry in stages.items()}
    for name, entry in renamed.items():
        if name in components:
            values = entry.get("params")
            known = values if isinstance(values, Mapping) else {}
            entry["params"] = {**known, COMPONENTS.as_posix(): dict(components[name])}
    from dvc.utils.serialize import dumps_yaml

    return _RenamedLock(
        dumps_yaml({"schema": "2.0", "stages": renamed}),
        {
            _new_name(name): (entry, parse(_new_name(name), renamed[_new_name(name)], root))
            for name, entry in old.items()
        },
    )


def _is_old(entry: LockEntry) -> bool:
    group = entry.stage.partition("@")[0]
    return group in _GROUPS or any(path.startswith(_CODE) for path in entry.deps)


def _new_name(stage: str) -> str:
    group, at, item = stage.partition("@")
    return f"{_GROUPS.get(group, group)}{at}{item}"


def _new_path(path: str) -> str:
    """A path of the study by today's name: data/STUDY/catalog is data/STUDY/manifest."""
    parts = PurePosixPath(path).parts
    if len(parts) > 2 and parts[0] == "data" and parts[2] == "catalog":
        return PurePosixPath(*parts[:2], "manifest", *parts[3:]).as_posix()
    return path


def _new_entry(entry: RawEntry) -> dict[str, object]:
    """A raw entry of the lock by today's names, without source files."""
    words = str(entry["cmd"]).split(" ")
    renamed: dict[str, object] = {"cmd": " ".join(_GROUPS.get(word, word) for word in words)}
    for key in ("deps", "outs"):
        files = [
            {**item, "path": _new_path(item["path"])}
            for item in entry.get(key, ())
            if key == "outs" or not item["path"].startswith(_CODE)
        ]
        if files:
            renamed[key] = files
        if key == "deps" and entry.get("params"):
            renamed["params"] = {
                file: {
                    rename_key(name): rename_values(value, tuple(rename_key(name).split(".")))
                    for name, value in values.items()
                }
                for file, values in entry["params"].items()
            }
    return renamed


def _rename_outputs(root: Path, entries: Iterable[LockEntry]) -> None:
    """Move outputs whose path is another now."""
    for entry in entries:
        for path in entry.outs:
            source, target = root / path, root / _new_path(path)
            if source != target and source.exists() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                source.rename(target)


def _migrate_records(
    root: Path, entries: Mapping[str, tuple[LockEntry, LockEntry]], outcome: Migration
) -> None:
    """Each execution's record into the store, parents before children."""
    store = own_store(root)
    for path in sorted((root / OLD_RECORDS / "environments").glob("*.txt")):
        write_once(store.environments / path.name, path.read_text(encoding="utf-8"))
    records: dict[str, RunRecord] = {}
    missing = []
    for name in _in_order({name: new for name, (_, new) in entries.items()}):
        old, new = entries[name]
        record = _read_old(root, old)
        if record is None:
            missing.append(name)
            continue
        parents = {records[p].digest for p in _writers(new, entries) if p in records}
        moved = replace(
            record.complete(new), stage=name, entry=new.digest, outs=new.outs,
            parents=tuple(sorted(parents)), stated="", file="",
        )  # fmt: skip
        records[name] = store.add(moved, {})
    outcome.done.append(f"{LEDGER}: the records of {len(records)} executions, from {OLD_RECORDS}/")
    if missing:
        outcome.remains.append(
            f"{len(missing)} stages had no run record ({', '.join(missing[:4])}"
            f"{' ...' if len(missing) > 4 else ''}): dvc repro -f -s STAGE records a new execution"
        )


def _read_old(root: Path, entry: LockEntry) -> RunRecord | None:
    path = root / OLD_RECORDS / entry.stage / f"{entry.digest[:16]}.json"
    try:
        return read_record(path)
    except (OSError, ValueError, RecordError):
        return None


def _writers(entry: LockEntry, entries: Mapping[str, tuple[LockEntry, LockEntry]]) -> Iterator[str]:
    """Stages whose outputs a stage read: those it names, lies in, or lies around."""
    for name, (_, other) in entries.items():
        if any(
            dep == out or dep.startswith(f"{out}/") or out.startswith(f"{dep}/")
            for out in other.outs
            for dep in entry.deps
        ):
            yield name


def _in_order(entries: Mapping[str, LockEntry]) -> list[str]:
    """Names with the writers of what a stage reads before it."""
    pairs = {name: (entry, entry) for name, entry in entries.items()}
    graph = {name: set(_writers(entry, pairs)) - {name} for name, entry in entries.items()}
    return list(TopologicalSorter(graph).static_order())


def _say_of_records(root: Path) -> str:
    """Whether the old records may go: only where the ledger has all that is locked."""
    ledger = read_ledger(root)
    missing = [name for name, entry in read_lock(root).items() if not ledger.find(entry.digest)]
    if not missing:
        return (
            f"{OLD_RECORDS}/: all that the lock names is in {LEDGER}; what was superseded stays in "
            f"git's history; git rm -r {OLD_RECORDS}, then commit {LEDGER} and {LOCK}"
        )
    return (
        f"{OLD_RECORDS}/: keep it, {len(missing)} stages of {LOCK} are not in {LEDGER} "
        f"({', '.join(missing[:4])}{' ...' if len(missing) > 4 else ''}); dvc repro -f -s STAGE "
        "records a new execution of each, then passk track && passk migrate"
    )


def _say_what_remains(root: Path, accepted: bool, moved: bool, outcome: Migration) -> None:
    """A plain sentence for each kind of artifact that is there and needs one."""
    if (root / BLOCKS).is_dir():
        number = sum(1 for path in (root / BLOCKS).glob("??/*") if path.is_file())
        outcome.done.append(f"block store: all {number} blocks stay valid; none is drawn again")
    if moved and not accepted:
        outcome.remains.append(
            "models, samples, tables: the old lock does not say what the code meant, so dvc repro "
            "runs each stage once more; where the outputs are to be taken as they are: dvc commit "
            "--force STAGE. Samples come from the block store: where .passk/blocks is not here, "
            "run dvc checkout and passk restore before, or they are drawn anew"
        )
    if (root / RESUME).is_dir() and any((root / RESUME).iterdir()):
        outcome.remains.append(
            f"resume points of killed trainings ({RESUME}): not carried over, these trainings "
            f"begin anew; rm -r {RESUME}"
        )
    if (root / OLD_RECORDS).is_dir():
        outcome.remains.append(_say_of_records(root))
    stages = root / "dvc.yaml"
    if stages.exists() and any(
        f"\n  {group}:\n" in stages.read_text(encoding="utf-8") for group in _GROUPS
    ):
        outcome.remains.append(
            "dvc.yaml: it is of the version before; take today's: git checkout or copy it from the "
            "new version (`passk new` writes one)"
        )
    if (root / "reports").is_dir() and moved:
        outcome.remains.append("reports/: the page is written anew by the stage report")
