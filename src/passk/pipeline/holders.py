"""DVC's table of who reads and writes which files, made right for several hosts.

DVC notes a process id beside each file, and asks its own host whether that process lives. Jobs of a
cluster have one table and many hosts: a living job would look dead, and a dead one alive where
something else has its id. So each job holds a file lock of its own while it lives, which every
host that shares the file system can ask for, and which is let go however the job ends.

Covered: jobs that end in any way, on hosts whose file locks reach each other (NFS 4, Lustre mounted
with `flock`, GPFS, CephFS). Not covered: plain `dvc repro` beside them on another host.
"""

import fcntl
import os
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from passk.config.paths import STATE

_FOLDER = STATE / "holders"
_MARK = "holder="  # before the name of a job's file, in the command that DVC notes

Table = Mapping[str, Any]  # DVC's: "read": path -> entries, "write": path -> entry


@contextmanager
def known_to_all_hosts(folder: Path = _FOLDER) -> Iterator[None]:
    """Inside, DVC's table tells living from dead holders on all hosts.

    Args:
        folder: where the files lie; one and the same for all jobs of a study.
    """
    from dvc import rwlock

    folder = folder.resolve()
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    words, check, processes = list(sys.argv), rwlock._check_blockers, rwlock.psutil
    known: set[int] = set()

    def check_living(tmp_dir: str, lock: Table, *arguments: object, **options: object) -> None:
        remove_dead(lock, folder)
        known.update(entry["pid"] for entry in _entries(lock) if _name(entry))
        try:
            check(tmp_dir, lock, *arguments, **options)
        finally:
            known.clear()

    with _held(folder / name):
        sys.argv = [*words, f"{_MARK}{name}"]  # what DVC notes as the command
        rwlock._check_blockers = check_living
        rwlock.psutil = SimpleNamespace(
            pid_exists=lambda pid: pid in known or processes.pid_exists(pid)
        )
        try:
            yield
        finally:
            sys.argv = words
            rwlock._check_blockers, rwlock.psutil = check, processes


def remove_dead(table: Table, folder: Path = _FOLDER) -> None:
    """Take out of DVC's table what jobs noted that are no more; other entries stay.

    Args:
        table: changed in place.
        folder: where the files of the jobs lie.
    """
    names = {name for entry in _entries(table) if (name := _name(entry))}
    dead = {name for name in names if not _lives(folder / name)}
    for path, entry in list(table.get("write", {}).items()):
        if _name(entry) in dead:
            del table["write"][path]
    for path, entries in list(table.get("read", {}).items()):
        table["read"][path] = [entry for entry in entries if _name(entry) not in dead]
        if not table["read"][path]:
            del table["read"][path]
    for name in dead:
        (folder / name).unlink(missing_ok=True)


def _entries(table: Table) -> list[Mapping[str, Any]]:
    read = [entry for entries in table.get("read", {}).values() for entry in entries]
    return [*read, *table.get("write", {}).values()]


def _name(entry: Mapping[str, Any]) -> str:
    """The file of the job that an entry is of; empty where DVC itself wrote it."""
    last = str(entry.get("cmd", "")).rpartition(" ")[2]
    return last.removeprefix(_MARK) if last.startswith(_MARK) else ""


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold the lock of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _lives(path: Path) -> bool:
    """Whether a process holds the lock of a file."""
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
