"""Where commands may write: never over what they read, nor over what is not theirs."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path


def faults_of_file(
    out: Path, inputs: Iterable[Path], endings: Sequence[str] = (), stem: str = "samples"
) -> Iterator[str]:
    """Why nothing can be written to a file: a folder, an input, another kind, no permission.

    Args:
        out: the file.
        inputs: files and folders that are read.
        endings: of its name, any of which will do; empty: any name will do.
        stem: of a name that would do.
    """
    where = f"--out {out}"
    if out.is_dir():
        yield f"{where}: a folder; name a file, e.g. {out / (stem + next(iter(endings), ''))}"
    if out.resolve() in {path.resolve() for path in inputs}:
        yield f"{where}: is an input and would be overwritten; name another file"
    if endings and out.suffix not in endings:
        yield f"{where}: end it in {', '.join(endings)}"
    yield from _unwritable(out, where)


def faults_of_folder(
    folder: Path,
    kept: Iterable[Path],
    is_own: Callable[[str], bool],
    option: str,
) -> Iterator[str]:
    """Why a folder cannot be replaced: it holds what is read, or what a command did not write.

    Args:
        folder: that is replaced whole.
        kept: files and folders that must stay: inputs, and other outputs.
        is_own: whether the command writes files of that name; `FOLDER/NAME` within a folder.
        option: that names it.
    """
    where, target = f"{option} {folder}", folder.resolve()
    if folder.exists() and not folder.is_dir():
        yield f"{where}: a file; name a folder of its own"
        return
    places = [Path.cwd(), *kept]
    if any(target == path.resolve() or target in path.resolve().parents for path in places):
        yield f"{where}: holds what must stay, and is replaced whole; name a folder of its own"
    elif folder.is_dir():
        others = sorted(path.name for path in folder.iterdir() if not _is_own(path, is_own))
        if others:
            yield (
                f"{where}: holds {others[0]}, which this command did not write, and is replaced "
                "whole; name a new folder"
            )
    yield from _unwritable(folder, where)


def _is_own(path: Path, is_own: Callable[[str], bool]) -> bool:
    """Whether a file, or all that a folder holds, is a command's own."""
    if not path.is_dir():
        return is_own(path.name)
    within = list(path.iterdir())
    return bool(within) and all(
        not inner.is_dir() and is_own(f"{path.name}/{inner.name}") for inner in within
    )


def _unwritable(out: Path, where: str) -> Iterator[str]:
    folder = out.absolute().parent
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        yield f"{where}: nothing can be written in {existing}; name another folder"
