"""A study's folder as a DVC repository: in git or not, with the cache of the one around it."""

import os
import subprocess
from pathlib import Path

from passk.core.yaml_files import ParameterError


def find_repository(folder: Path) -> Path | None:
    """The DVC repository that the folder lies in."""
    repositories = (parent for parent in folder.resolve().parents if (parent / ".dvc").is_dir())
    return next(repositories, None)


def find_cache(root: Path) -> Path:
    """The folder of a DVC repository's cache."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            return Path(repo.cache.legacy.path)  # the folder of all its caches
    except DvcException as error:
        raise ParameterError(
            f"{root}: its DVC repository, whose cache is to be shared, cannot be opened ({error}); "
            "mend it, or choose a folder outside of it"
        ) from error


def initialise_dvc(folder: Path, root: Path | None, cache: Path | None) -> bool:
    """Make the folder a DVC repository that shares a cache: whether in git."""
    from dvc.repo import Repo

    git = _in_git(folder)
    with Repo.init(str(folder), no_scm=not git, subdir=git) as repo, repo.config.edit() as config:
        config["core"].update(analytics=False, autostage=False)
    if root is not None and cache is not None:
        inside = root in cache.parents
        cache_text = os.path.relpath(cache, folder.resolve() / ".dvc") if inside else str(cache)
        # A path that holds on this machine alone does not go into git.
        name = "config" if inside else "config.local"
        with (folder / ".dvc" / name).open("a", encoding="utf-8") as config_file:
            config_file.write(f"[cache]\n    dir = {_quoted(cache_text)}\n")
    if git:  # DVC stages its own files, half of what was made, before they are complete
        _git(folder, "reset", "-q", "--", ".dvc", ".dvcignore")
    return git


def _quoted(text: str) -> str:
    """A value as DVC's settings are read; `#` begins a comment there, unless in quotes."""
    return f"'{text}'" if '"' in text else f'"{text}"'


def _in_git(folder: Path) -> bool:
    """Whether git would keep the folder: it lies in a git repository that does not ignore it."""
    try:
        inside = _git(folder, "rev-parse", "--is-inside-work-tree") == 0
        return inside and _git(folder, "check-ignore", "-q", ".dvc/config") != 0
    except FileNotFoundError:  # there is no git
        return False


def _git(folder: Path, *arguments: str) -> int:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=False, capture_output=True
    )  # the folder is there
    return done.returncode
