"""Records that nothing names any more, and records that are to be made anew."""

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from passk.config.paths import LEDGER, STATE
from passk.provenance.code_state import find_unnamed_trees, run_git
from passk.provenance.dvc_cache import find_cache, object_path
from passk.provenance.ledger import drop_records, read_ledger, update_ledger
from passk.provenance.lock import path_digest, read_lock
from passk.provenance.record_store import RecordStore, open_stores, own_store

_NO_STUDIES = {".git", ".dvc", ".venv", STATE.name, "node_modules"}  # folders without studies
_TREE = re.compile(r'"tree": ?"([0-9a-f]+)"')
_GRACE = 3600  # seconds: DVC writes its lock after a stage has written its record


@dataclass(frozen=True)
class MadeFiles:
    """What stages are known to have made, whether parameters name the stage or not.

    Attributes:
        root: the study's folder.
    """

    root: Path = Path()

    def knows(self, path: Path) -> bool:
        """Whether a file or folder is, as it is now, a stage's output.

        A record or the lock says so, or DVC's cache has its content, so that it can come back.
        """
        if not path.exists() or (path.is_dir() and not self._contents(path)):
            return False  # a link to nowhere; a folder whose files may be known each
        md5 = path_digest(path, self.root)
        cache = find_cache(self.root)
        in_cache = cache is not None and object_path(cache, md5).is_file()
        return in_cache or md5 in self._contents(path)

    def _contents(self, path: Path) -> Set[str]:
        """The digests that a path is known to have had."""
        name = path.relative_to(self.root).as_posix()
        recorded = (md5 for store in self._stores for md5 in store.makers(name))
        return {*recorded, *self._locked.get(name, ())}

    @cached_property
    def _locked(self) -> Mapping[str, Sequence[str]]:
        return {out: (md5,) for e in read_lock(self.root).values() for out, md5 in e.outs.items()}

    @cached_property
    def _stores(self) -> Sequence[RecordStore]:
        return open_stores(self.root)


def superseded(root: Path = Path()) -> Sequence[Path]:
    """Records that the ledger does not name, for more than an hour; the ledger is updated first."""
    update_ledger(root)
    named = set(read_ledger(root).records)
    recent = time.time() - _GRACE
    return [
        path
        for path in own_store(root).all()
        if path.stem not in named and path.stat().st_mtime < recent
    ]


def unnamed_trees(root: Path = Path()) -> Sequence[str]:
    """Git refs of the trees of changed files that no record names any more.

    The refs are of the repository, so the records of all its studies count, in every worktree.
    """
    named = {tree for top in {root.resolve(), *_worktrees(root)} for tree in _named_trees(top)}
    return find_unnamed_trees(named, root)


def _worktrees(root: Path) -> Iterator[Path]:
    """The folders that git has checked out of this repository."""
    for line in (run_git(root, "worktree", "list", "--porcelain") or "").splitlines():
        key, _, path = line.partition(" ")
        if key == "worktree":
            yield Path(path).resolve()


def _named_trees(top: Path) -> Iterator[str]:
    """Trees that ledgers and stores below a folder name; damaged lines count, too."""
    for folder, inner, names in os.walk(top):
        studys_own = Path(folder)
        if LEDGER.name in names:
            yield from _find_trees(studys_own / LEDGER)
        for record in own_store(studys_own).all() if STATE.name in inner else ():
            yield from _find_trees(record)
        inner[:] = [name for name in inner if name not in _NO_STUDIES]


def _find_trees(file: Path) -> list[str]:
    return _TREE.findall(file.read_text(encoding="utf-8", errors="replace"))


def drop_tree(ref: str, root: Path = Path()) -> None:
    """Let git's garbage collection have a tree."""
    run_git(root, "update-ref", "-d", ref)


def find_records(stage: str, root: Path = Path()) -> Sequence[Path]:
    """Where the present execution of a stage is recorded: files, and the ledger if it has a line.

    Raises:
        ValueError: the lock has no such stage.
    """
    digest = _find_entry(stage, root)
    stores = open_stores(root)
    files = [store.path(name) for store in stores if (name := store.name(digest))]
    return [path for path in files if path.exists()]


def forget(stage: str, root: Path = Path()) -> None:
    """Remove all that is recorded of the present execution of a stage, in the ledger too."""
    digest = _find_entry(stage, root)
    for store in open_stores(root):
        name = store.name(digest)
        if name:
            with suppress(OSError):  # a shared cache that is not ours to write
                store.drop(store.path(name))
                store.unname(digest)
    drop_records(digest, root)


def _find_entry(stage: str, root: Path) -> str:
    entries = read_lock(root)
    if stage not in entries:
        raise ValueError(f"{stage}: dvc.lock has no such stage; `dvc stage list` names them")
    return entries[stage].digest
