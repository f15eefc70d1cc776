"""What `dvc.lock` says, read as plain YAML: DVC itself takes 0.8 s to import.

A lock entry is the identity of a stage's execution: command, parameters, and the digests of all
that went in and came out. Digests are DVC's: a file's md5, or for a folder the md5 of the sorted
listing of its files with `.dir` appended. `tests/test_records.py` holds this module to DVC.
"""

import fnmatch
import hashlib
import json
import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from passk.core.digests import digest, file_digest

LOCK = Path("dvc.lock")
RawEntry = Mapping[str, Any]  # as YAML gives it, at DVC's border
_ALWAYS_IGNORED = (".git", ".hg", ".dvc")


@dataclass(frozen=True)
class LockEntry:
    """One stage as `dvc.lock` holds it after its last execution or restoration.

    Attributes:
        stage: `group@item`, or the group alone.
        cmd: the shell command.
        deps: path -> digest of what it read.
        params: parameter file -> dotted key -> value.
        outs: path -> digest of what it wrote.
    """

    stage: str
    cmd: str
    deps: Mapping[str, str]
    params: Mapping[str, Mapping[str, Any]]
    outs: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Digest of the entry; the name of the run record. Independent of order and sizes."""
        params = json.loads(json.dumps(self.params, default=str))
        return digest("lock", self.cmd, dict(self.deps), params, dict(self.outs))


def lock_digest(entry: RawEntry, root: Path = Path()) -> str:
    """Digest of a raw entry of `dvc.lock` (keys cmd, deps, params, outs)."""
    return parse("", entry, root).digest


def parse(stage: str, entry: RawEntry, root: Path = Path()) -> LockEntry:
    """A raw entry of `dvc.lock` in normal form."""

    def files(key: str) -> dict[str, str]:
        return {relative(item["path"], root): item.get("md5", "") for item in entry.get(key, ())}

    cmd = entry["cmd"]
    return LockEntry(
        stage=stage,
        cmd=cmd if isinstance(cmd, str) else "\n".join(cmd),
        deps=files("deps"),
        params=entry.get("params") or {},
        outs=files("outs"),
    )


def read_lock(root: Path = Path()) -> dict[str, LockEntry]:
    """All entries of `dvc.lock` by stage name; empty where nothing has run yet."""
    path = root / LOCK
    return parse_lock(path.read_text(encoding="utf-8"), path, root) if path.exists() else {}


def parse_lock(text: str, source: object, root: Path = Path()) -> dict[str, LockEntry]:
    """All entries of a lock by stage name.

    Args:
        text: its content.
        source: where it comes from, for the message.
        root: the project's root.

    Raises:
        ValueError: it is no YAML.
    """
    try:
        content = YAML(typ="safe").load(text) or {}
    except YAMLError as error:
        raise ValueError(
            f"{source}: not valid YAML ({error}); restore it by `git checkout dvc.lock`"
        ) from error
    return {name: parse(name, entry, root) for name, entry in content.get("stages", {}).items()}


def relative(path: str, root: Path = Path()) -> str:
    """A path relative to the root, with forward slashes and without `.` parts."""
    if Path(path).is_absolute():
        path = Path(os.path.relpath(path, root.resolve())).as_posix()
    return posixpath.normpath(path)


def path_digest(path: Path, root: Path = Path()) -> str:
    """DVC's digest of a file (md5) or folder (md5 of its listing, then `.dir`)."""
    return read_contents(path, root).md5


@dataclass(frozen=True)
class Contents:
    """What a file or folder holds.

    Attributes:
        md5: DVC's digest of it.
        files: of a folder, path within it -> digest; empty for a file.
    """

    md5: str
    files: Mapping[str, str] = field(default_factory=dict)


def read_contents(path: Path, root: Path = Path()) -> Contents:
    """Digest of a file, or of a folder and each file in it."""
    if not path.is_dir():
        return Contents(file_digest(path, "md5"))
    files = {
        file.relative_to(path).as_posix(): file_digest(file, "md5")
        for file in _files(path, _ignored(root.resolve()))
    }
    return Contents(listing_digest(files), files)


def listing_digest(files: Mapping[str, str]) -> str:
    """DVC's digest of a folder that holds these files."""
    return hashlib.md5(listing_text(files).encode()).hexdigest() + ".dir"


def listing_text(files: Mapping[str, str]) -> str:
    """A folder's files as DVC lists them in its cache."""
    return json.dumps([{"md5": md5, "relpath": name} for name, md5 in sorted(files.items())])


def parse_listing(text: str) -> dict[str, str]:
    """Path within a folder -> digest, of a listing as DVC's cache holds it."""
    return {item["relpath"]: item["md5"] for item in json.loads(text)}


@cache
def _ignored(root: Path) -> tuple[str, ...]:
    """Names that DVC leaves out: its own, and name patterns (no slashes) of `.dvcignore`."""
    file = root / ".dvcignore"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    patterns = (line.strip().rstrip("/") for line in lines if not line.startswith("#"))
    return _ALWAYS_IGNORED + tuple(p for p in patterns if p and "/" not in p)


def _files(folder: Path, ignored: tuple[str, ...]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [n for n in folders if not _matches(n, ignored)]
        yield from (Path(parent) / n for n in names if not _matches(n, ignored))


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
