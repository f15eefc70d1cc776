"""Result and count tables in git: copies of what DVC keeps, so that a clone has every number.

DVC refuses an output that git tracks ("output is already tracked by SCM"), and an output that it
does not cache leaves the run cache; so the tables stay DVC's, and `passk track` copies them to
`reports/tables/STUDY/`. They are small: 0.6 MB of the default study. A copy counts only where it
has the digest that `dvc.lock` promises for the table.
"""

import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from passk.config.paths import REPORTS, data
from passk.core.files import replacing
from passk.provenance.lock import LOCK, path_digest, read_lock

TABLES = REPORTS / "tables"
_FOLDERS = ("counts", "manifest", "results", "validation")
_LARGEST = 5_000_000  # bytes: a larger table is no matter for git


def copy_path(path: Path) -> Path | None:
    """Where the copy of a table lies, by the table's path; None where it has none.

    Example:
        >>> copy_path(Path("data/miniature/counts/base.parquet")).as_posix()
        'reports/tables/miniature/counts/base.parquet'
    """
    parts = path.parts
    if len(parts) != 4 or parts[0] != "data" or parts[2] not in _FOLDERS:
        return None
    return TABLES.joinpath(*parts[1:])


def locate(path: Path, root: Path = Path()) -> Path:
    """The table itself, or its copy where only that is here and is what the lock promises."""
    file = locate_any(path, root)
    if file == root / path or not (root / LOCK).exists():
        return root / path
    promised = _promised(root.resolve(), (root / LOCK).stat().st_mtime_ns).get(path.as_posix())
    return file if path_digest(file) == promised else root / path


def locate_any(path: Path, root: Path = Path()) -> Path:
    """The table itself, or its copy where only that is here, for who compares digests himself."""
    copy = copy_path(path)
    if copy is not None and not (root / path).exists() and (root / copy).exists():
        return root / copy
    return root / path


@lru_cache(maxsize=4)
def _promised(root: Path, time: int) -> dict[str, str]:
    """Path -> digest of all outputs, of the lock in one of its states."""
    return {out: md5 for entry in read_lock(root).values() for out, md5 in entry.outs.items()}


def find_other_copies(study: str, root: Path = Path()) -> tuple[int, list[Path]]:
    """How many copies are here, and which of them are not what the lock promises."""
    wanted = {root / (copy_path(path) or path): md5 for path, md5 in _wanted(study, root)}
    files = sorted(file for file in (root / TABLES / study).rglob("*") if file.is_file())
    return len(files), [file for file in files if path_digest(file) != wanted.get(file)]


def copy_tables(study: str, root: Path = Path()) -> int:
    """Bring the copies up to date with the lock; returns how many files changed.

    A table that is not here, or not what the lock promises, leaves its copy as it is.
    """
    wanted = dict(_wanted(study, root))
    changed = 0
    for path, md5 in wanted.items():
        target = root / (copy_path(path) or path)
        source = root / path
        if not source.exists() or source.stat().st_size > _LARGEST:
            continue
        if target.exists() and path_digest(target) == md5:
            continue
        if path_digest(source) == md5:
            with replacing(target) as temporary:
                shutil.copyfile(source, temporary)
            changed += 1
    kept = {root / (copy_path(path) or path) for path in wanted}
    for file in (root / TABLES / study).rglob("*") if wanted else ():
        if file.is_file() and file not in kept:
            file.unlink()
            changed += 1
    return changed


def _wanted(study: str, root: Path) -> Iterator[tuple[Path, str]]:
    """Tables of a study that have copies, with the digests that the lock promises."""
    for entry in read_lock(root).values():
        for out, md5 in entry.outs.items():
            if out.startswith(f"{data(study).as_posix()}/") and copy_path(Path(out)) is not None:
                yield Path(out), md5
