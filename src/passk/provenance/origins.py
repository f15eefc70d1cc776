"""Walking a file back: counts, verdicts, samples, model, training, data, source.

Works from `dvc.lock` and the run records, without DVC. What is read here was written by the stages
themselves; each link says whether the file still has the locked digest.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from passk.provenance import records
from passk.provenance.lock import LockEntry, path_digest
from passk.provenance.run_record import RunRecord
from passk.provenance.tables_in_git import locate_any

_CODE = "src/"


@dataclass(frozen=True)
class Link:
    """One step of the way back.

    Attributes:
        path: the file or folder.
        locked: its digest in `dvc.lock`.
        state: same, changed or missing, compared with that digest; copied: the file is not here,
            but a copy of it in git has the digest.
        entry: the lock entry of the stage that wrote it; None for a source.
        record: the run record of that execution; None where this repository has none.
        depth: how many stages lie between it and the number.
    """

    path: str
    locked: str
    state: str
    entry: LockEntry | None
    record: RunRecord | None
    depth: int


def trace(
    path: str,
    entries: Mapping[str, LockEntry],
    names: Collection[str],
    root: Path = Path(),
) -> Iterator[Link]:
    """The files that a path was made from, nearest first, each once.

    Args:
        path: where to begin.
        entries: `dvc.lock`.
        names: draws and sets of interest: of a folder that many stages write to, only theirs count.
        root: the project's root.
    """
    visited: set[str] = set()

    def walk(path: str, locked: str, depth: int) -> Iterator[Link]:
        if path in visited:
            return
        visited.add(path)
        writers = _writers(path, entries, names)
        if not writers and any(
            out.startswith(f"{path}/") for e in entries.values() for out in e.outs
        ):
            return  # a folder of the study's own, of which nothing is of interest
        for written, entry in writers or [(path, None)]:
            if written != path and written in visited:
                continue
            visited.add(written)
            digest = locked if entry is None or written not in entry.outs else entry.outs[written]
            record = records.find_record(entry, root) if entry else None
            yield Link(written, digest, _state(written, digest, root), entry, record, depth)
            if entry is not None:
                for dep, md5 in sorted(entry.deps.items(), key=_rank):
                    if not dep.startswith(_CODE):
                        yield from walk(dep, md5, depth + 1)

    start = next((e.outs[path] for e in entries.values() if path in e.outs), "")
    yield from walk(path, start, 0)


def _writers(
    path: str, entries: Mapping[str, LockEntry], names: Collection[str]
) -> list[tuple[str, LockEntry | None]]:
    """Who wrote a path: itself, the folder around it, or the files of interest within it."""
    within: list[tuple[str, LockEntry | None]] = []
    for entry in entries.values():
        for out in entry.outs:
            if path == out or path.startswith(f"{out}/"):
                return [(path, entry)]
            if out.startswith(f"{path}/") and Path(out).stem in names:
                within.append((out, entry))
    return within


def _rank(dep: tuple[str, str]) -> tuple[int, str]:
    """The order in which a number is walked back: judgements, samples, models, then problems."""
    folders = ("/verdicts/", "/samples/", "models/")
    return next((i for i, p in enumerate(folders) if p in dep[0]), len(folders)), dep[0]


def _state(name: str, locked: str, root: Path) -> str:
    path = locate_any(Path(name), root)
    if not path.exists():
        return "missing"
    if locked and path_digest(path, root) != locked:
        return "changed"
    return "same" if path == root / name else "copied"
