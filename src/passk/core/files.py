"""Files and folders written whole or not at all, and JSON read with errors that name the file.

What is written stands under a temporary name beside its target until it is complete, and is then
renamed. A reader sees the old content or the new, never half of it; of two writers the later one
wins, whole.

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
import json
import os
import shutil
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


class FileError(ValueError):
    """A file is missing or cannot be read as what it should be; the message names it."""


def _temporary(path: Path) -> Path:
    """A name beside a path that no other host, process or thread uses."""
    writer = f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}"
    return path.with_name(f".{path.name}.{writer}.tmp")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; at the end it takes the place of `path`.

    After an error `path` is as it was, and the temporary file is gone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        yield temporary
        temporary.replace(path)
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
        os.link(temporary, path)  # fails if the path exists: the first writer wins
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill; at the end it takes the place of `folder`.

    After an error `folder` is as it was. What killed writers of this host left beside it goes.
    """
    _sweep(folder)
    temporary = _temporary(folder)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        _exchange(temporary, folder)
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
    start = f".{folder.name}.{socket.gethostname()}-"
    for path in folder.parent.iterdir() if folder.parent.is_dir() else ():
        process = path.name.removeprefix(start).partition("-")[0]
        if path.name.startswith(start) and process.isdecimal() and not _runs(int(process)):
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
    hidden = _temporary(folder)
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
