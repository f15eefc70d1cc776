"""Files and folders written whole or not at all, and JSON read with errors that name the file.

What is written stands under a temporary name until it is complete, and is then renamed. A reader
sees the old content or the new, never half of it; of two writers the later one wins, whole. The
temporary name lies in the folder that the environment variable `PASSK_TEMPORARY` names, where that
is on the target's file system, so that nothing stands beside outputs; else beside the target.

Covered: a process killed at any moment, a full disk, several writers. Not covered: a power failure
(nothing is flushed to the disk itself), file systems on which a rename is not atomic.

Example:
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "new" / "a.json"
    >>> write_text(path, json_text({"n": 8}))
    >>> read_json(path)
    {'n': 8}
"""

import errno
import hashlib
import json
import os
import re
import shutil
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any


class FileError(ValueError):
    """A file is missing or cannot be read as what it should be; the message names it."""


TEMPORARY = "PASSK_TEMPORARY"  # environment variable: a folder for what is not complete


def _temporary(path: Path) -> Path:
    """A name that no other host, process or thread uses for this path."""
    folder = _temporary_folder(path.parent)
    if folder is None:
        return _beside(path)
    parent = hashlib.sha256(os.fsencode(path.parent.absolute())).hexdigest()[:12]
    return folder / f".{path.name}.{parent}.{_writer()}.tmp"


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{_writer()}.tmp")


def _writer() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}"


def _temporary_folder(parent: Path) -> Path | None:
    """The folder for what is not complete, if it is on the file system of a target's folder."""
    name = os.environ.get(TEMPORARY)
    if not name:
        return None
    with suppress(OSError):
        folder = Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_dev == _existing(parent).stat().st_dev:
            return folder
    return None


def _existing(folder: Path) -> Path:
    """A folder, or the first above it that exists."""
    folder = folder.absolute()
    return next(f for f in (folder, *folder.parents) if f.exists())


@contextmanager
def _on_one_file_system(temporary: Path, path: Path) -> Iterator[Path]:
    """Give a temporary path that can be renamed to `path`, or linked there.

    One device number may be mounted twice, and no rename goes from one mount to the other: then
    the content is copied beside the target first.
    """
    source = temporary
    if temporary.parent != path.parent and not _can_rename(temporary.parent, path.parent):
        source = _beside(path)
        if temporary.is_dir():
            shutil.copytree(temporary, source, symlinks=True)
        else:
            shutil.copy2(temporary, source)
    try:
        yield source
    finally:
        if source != temporary and source.is_dir():
            shutil.rmtree(source, ignore_errors=True)
        elif source != temporary:
            source.unlink(missing_ok=True)


@lru_cache(maxsize=64)
def _can_rename(source: Path, target: Path) -> bool:
    """Whether a file of one folder can be renamed into another, tried with an empty one."""
    probe, moved = source / f".probe.{_writer()}.tmp", target / f".probe.{_writer()}.tmp"
    try:
        probe.touch()
        probe.replace(moved)
    except OSError as error:
        return error.errno != errno.EXDEV
    finally:
        probe.unlink(missing_ok=True)
        moved.unlink(missing_ok=True)
    return True


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; at the end it takes the place of `path`.

    After an error `path` is as it was, and the temporary file is gone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        yield temporary
        with _on_one_file_system(temporary, path) as source:
            source.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, with the folders that lead to it."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    r"""Write UTF-8 text whole or not at all; lines end as the text says, on every system."""
    write_bytes(path, text.encode())


def write_json(path: Path, content: object) -> None:
    """Write JSON in one line, whole or not at all; what JSON does not know becomes a string."""
    write_text(path, json.dumps(content, ensure_ascii=False, default=str))


def write_once(path: Path, text: str) -> bool:
    """Write a text unless the file exists; True if this call wrote it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        temporary.write_text(text, encoding="utf-8", newline="")
        with _on_one_file_system(temporary, path) as source:
            os.link(source, path)  # fails if the path exists: the first writer wins
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill; at the end it takes the place of `folder`.

    After an error `folder` is as it was. What killed writers of this host left of it goes.
    """
    _sweep(folder)
    temporary = _temporary(folder)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _on_one_file_system(temporary, folder) as source:
            _exchange(source, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _exchange(temporary: Path, folder: Path) -> None:
    """Rename the old folder away and the new one in, before the old one's files go."""
    old = temporary.with_name(f"{temporary.name}.old.tmp")
    while True:
        shutil.rmtree(old, ignore_errors=True)
        with suppress(FileNotFoundError):
            folder.replace(old)
        try:
            temporary.replace(folder)
            break
        except OSError as error:  # another writer was in between: its folder is the old one now
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    shutil.rmtree(old, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove temporary folders of processes of this host that are no more; models are large."""
    parents = {folder.parent, _temporary(folder).parent}
    name = re.compile(
        rf"\.{re.escape(folder.name)}\.(?:[0-9a-f]{{12}}\.)?{re.escape(socket.gethostname())}-(\d+)-"
    )
    for parent in parents:
        for path in parent.iterdir() if parent.is_dir() else ():
            writer = name.match(path.name)
            if writer and not _runs(int(writer[1])):
                shutil.rmtree(path, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def remove_folder(folder: Path) -> None:
    """Remove a folder so that a kill leaves nothing of it under its own name."""
    hidden = _beside(folder)
    with suppress(FileNotFoundError):
        folder.replace(hidden)
        shutil.rmtree(hidden)


def json_text(content: object) -> str:
    """JSON as people read it in git: indented by one, characters as they are, a final newline."""
    return json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n"


def json_lines(rows: Iterable[Mapping[str, Any]], *, ascii_only: bool = True) -> str:
    r"""Rows as JSON lines.

    Raises:
        ValueError: a number is NaN or infinite, which JSON cannot hold.

    Example:
        >>> json_lines([{"step": 1}, {"step": 2}])
        '{"step": 1}\n{"step": 2}\n'
    """
    return "".join(json.dumps(row, allow_nan=False, ensure_ascii=ascii_only) + "\n" for row in rows)


def read_json(path: Path, remedy: str = "make it again") -> Any:  # noqa: ANN401
    """The content of a JSON file.

    Args:
        path: UTF-8 text.
        remedy: what to do about a missing or damaged file, for the message.

    Raises:
        FileError: it is missing, unreadable or not JSON; names the file.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileError(f"{path}: no such file; {remedy}") from error
    except (OSError, ValueError) as error:  # of encoding and of JSON are ValueErrors
        raise FileError(f"{path}: not readable as JSON ({error}); {remedy}") from error


def read_json_lines(path: Path, remedy: str = "make it again") -> list[Any]:
    """The rows of a JSON lines file; blank lines count for nothing.

    Raises:
        FileError: it is missing, unreadable, or a line is not JSON; names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise FileError(f"{path}: no such file; {remedy}") from error
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: not readable text ({error}); {remedy}") from error
    return [_row(path, number, line, remedy) for number, line in enumerate(lines, 1) if line]


def _row(path: Path, number: int, line: str, remedy: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(line)
    except ValueError as error:
        raise FileError(f"{path}, line {number}: not JSON ({error}); {remedy}") from error
