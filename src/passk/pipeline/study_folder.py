"""A study's own folder: what it holds, and how one is made, in a clone or from an installed wheel.

A folder is a DVC repository of its own: `study.yaml`, `params.yaml` as composed, `dvc.yaml` (the
package's text), a `Snakefile` that includes the package's rules, `profiles/default`. Within another
DVC repository it shares that one's cache, and so the run cache: what has run there is restored.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from passk.config.composition import compose, compose_text
from passk.config.composition_sources import ALIASES, STUDY, find_shipped, list_shipped
from passk.config.paths import PARAMS
from passk.config.study import load_study, validate
from passk.core.files import write_bytes
from passk.core.legal import suggest
from passk.core.yaml_files import ParameterError, read

_PIPELINE = Path(str(files("passk.pipeline")))
_SKELETON = _PIPELINE / "skeleton"


@dataclass(frozen=True)
class MadeFolder:
    """What was made.

    Attributes:
        study: the study's name.
        shares: the DVC repository whose cache is shared; None: it has its own.
        git: whether DVC keeps the folder in git.
        lacks: what is wrong with the files that the study reads, as `passk check` says it.
    """

    study: str
    shares: Path | None
    git: bool
    lacks: str


def make_folder(folder: Path, like: str, *, extend: bool = False) -> MadeFolder:
    """Make a study's folder like another study.

    Args:
        folder: to make; it may hold what it is to hold anyway, such as its `study.yaml`.
        like: name of a shipped study, or the path of a study's folder or file.
        extend: whether its `study.yaml` extends the other instead of being a copy.

    Raises:
        ParameterError: names the folder or the study, and the remedy.
    """
    source = _find(like)
    contents = _contents(source, like, folder, extend=extend)
    _refuse_others(folder, contents)
    try:
        for name, content in contents.items():
            write_bytes(folder / name, content)
        if STUDY in contents:
            write_bytes(folder / PARAMS, compose_text(folder).encode())
        git, shares = _initialise_dvc(folder)
    except OSError as error:
        raise ParameterError(
            f"{folder}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error
    return MadeFolder(read(folder / PARAMS)["study"], shares, git, _lacks(folder))


def _lacks(folder: Path) -> str:
    """What `passk check` says in the folder; empty where the study can run."""
    with contextlib.chdir(folder):
        try:
            load_study(PARAMS)
        except ParameterError as error:
            return str(error)
    return ""


def _find(like: str) -> Path:
    """The file of a study: `study.yaml`, or `params.yaml` where it has no other."""
    if (shipped := find_shipped(like)) is not None:
        return shipped / STUDY
    path = Path(like).expanduser()
    for file in (path, path / STUDY, path / PARAMS):
        if file.is_file():
            return file
    raise ParameterError(
        f"--like {like}: no shipped study, and no path of a folder with {STUDY} or {PARAMS}; "
        f"{suggest(like, [*list_shipped(), *ALIASES])}"
    )


def _contents(source: Path, like: str, folder: Path, *, extend: bool) -> dict[str, bytes]:
    """Name of each file -> its content; all that can fail, fails before anything is written."""
    contents = {
        "dvc.yaml": (_PIPELINE / "dvc.yaml").read_bytes(),
        "Snakefile": (_SKELETON / "Snakefile").read_bytes(),
        "profiles/default/config.yaml": (_SKELETON / "profiles/default/config.yaml").read_bytes(),
        ".gitignore": (_SKELETON / "gitignore").read_bytes(),
        ".gitattributes": (_SKELETON / "gitattributes").read_bytes(),
    }
    values = read(source)
    if source.name == PARAMS.name and "extends" not in values:
        validate(values, str(source))
        return {PARAMS.name: source.read_bytes(), **contents}
    compose(source)
    shipped = find_shipped(like)
    if shipped is not None:  # with the data that it reads
        for path in sorted(shipped.rglob("*")):
            if path.is_file():
                contents[path.relative_to(shipped).as_posix()] = path.read_bytes()
    contents[STUDY] = _study_text(source, like, folder, extend=extend).encode()
    return contents


def _study_text(source: Path, like: str, folder: Path, *, extend: bool) -> str:
    """The text of the new `study.yaml`: a copy, or one that extends the other."""
    shipped = find_shipped(like) is not None
    if extend:
        name = like if shipped else _from(folder, source)
        return (
            f"# Like {like}, but for what is stated here (docs/studies.md); then `passk compose`."
            f"\nextends: {name}\n# defaults: {{draws: {{n: 64}}}}   # for instance\n"
        )
    text = source.read_text(encoding="utf-8")
    extended = read(source).get("extends")
    if isinstance(extended, str) and find_shipped(extended) is None:
        moved = _from(folder, source.parent / Path(extended).expanduser())
        text = re.sub(r"(?m)^extends:.*$", f"extends: {moved}", text)
    return text


def _from(folder: Path, path: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _refuse_others(folder: Path, contents: dict[str, bytes]) -> None:
    """Refuse a folder with anything in it that is not to be there as it is."""
    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"{folder}: is a file; choose another folder")
    if Path(str(files("passk"))).resolve() in folder.resolve().parents:
        raise ParameterError(f"{folder}: lies in the package's own folder; choose another")
    for path in _present(folder):
        name = path.relative_to(folder).as_posix()
        if contents.get(name) != path.read_bytes():
            raise ParameterError(
                f"{folder}: not empty (it holds {name}); choose another folder, or an empty one"
            )


def _present(folder: Path) -> Iterator[Path]:
    """Files in a folder, those of a `.git` of its own left out."""
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        if path.is_file() and path.relative_to(folder).parts[0] != ".git":
            yield path


def _initialise_dvc(folder: Path) -> tuple[bool, Path | None]:
    """Make the folder a DVC repository: whether in git, and whose cache it shares."""
    from dvc.repo import Repo

    root = _above(folder)
    git = _in_git(folder)
    with Repo.init(str(folder), no_scm=not git, subdir=git) as repo, repo.config.edit() as config:
        config["core"].update(analytics=False, autostage=False)
    if root is not None:
        with Repo(str(root)) as above:
            cache = Path(above.cache.legacy.path)  # the folder of all its caches
        inside = root in cache.parents
        cache_text = os.path.relpath(cache, folder.resolve() / ".dvc") if inside else str(cache)
        # A path that holds on this machine alone does not go into git.
        name = "config" if inside else "config.local"
        with (folder / ".dvc" / name).open("a", encoding="utf-8") as config_file:
            config_file.write(f"[cache]\n    dir = {cache_text}\n")
    return git, root


def _above(folder: Path) -> Path | None:
    """The DVC repository that the folder lies in."""
    repositories = (parent for parent in folder.resolve().parents if (parent / ".dvc").is_dir())
    return next(repositories, None)


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
