"""A study's own folder: what it holds, and how one is made, in a clone or from an installed wheel.

A folder is a DVC repository of its own: `study.yaml`, `params.yaml` as composed, `dvc.yaml` (the
package's text), a `Snakefile` that includes the package's rules, `profiles`. Within another
DVC repository it shares that one's cache, and so the run cache: what has run there is restored.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from passk.config.composition import compose_sources, find_edits, name_keys
from passk.config.composition_sources import (
    ALIASES,
    STUDY,
    find_shipped,
    list_shipped,
    read_sources,
)
from passk.config.composition_text import params_text
from passk.config.paths import PARAMS
from passk.config.study import load_study, validate
from passk.config.unready import list_unready
from passk.core.files import write_bytes
from passk.core.legal import suggest
from passk.core.yaml_files import ParameterError, read
from passk.data import prompts, sources
from passk.pipeline.study_repository import find_cache, find_repository, initialise_dvc

_PIPELINE = Path(str(files("passk.pipeline")))
_SKELETON = _PIPELINE / "skeleton"
_PROFILES = ("profiles/default/config.yaml", "profiles/slurm/config.yaml")


@dataclass(frozen=True)
class MadeFolder:
    """What was made.

    Attributes:
        study: the study's name.
        shares: the DVC repository whose cache is shared; None: it has its own.
        git: whether DVC keeps the folder in git.
        lacks: what is wrong with the files that the study reads, as `passk check` says it.
        left: values edited by hand in the other study's params.yaml, which are not taken over.
    """

    study: str
    shares: Path | None
    git: bool
    lacks: str
    left: str


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
    left, root = _left(source), find_repository(folder)
    cache = None if root is None else find_cache(root)
    try:
        for name, content in contents.items():
            write_bytes(folder / name, content)
        git = initialise_dvc(folder, root, cache)
    except OSError as error:
        raise ParameterError(
            f"{folder}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error
    return MadeFolder(read(folder / PARAMS)["study"], root, git, _lacks(folder), left)


def _left(source: Path) -> str:
    """Values of the other study that were edited in its params.yaml alone; empty: there are none.

    A study is like what the other's study.yaml says.
    """
    if source.name != STUDY:
        return ""
    try:
        edits = find_edits(source.parent)
    except ParameterError as error:
        return str(error)
    if not edits:
        return ""
    return f"{source.parent / PARAMS} was edited since it was composed: {name_keys(edits)}"


def _lacks(folder: Path) -> str:
    """What `passk check` says in the folder; empty where the study can run."""
    # Templates and sources of one's own are cached by paths that the other study has, too.
    for cached in (prompts._read, sources._described):
        cached.cache_clear()
    with contextlib.chdir(folder):
        try:
            unready = list(list_unready(load_study(PARAMS)))
        except ParameterError as error:
            return str(error)
    more = f" and {len(unready) - 3} more; see `passk check`" if len(unready) > 3 else ""
    return "; ".join(unready[:3]) + more


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
        **{name: (_SKELETON / name).read_bytes() for name in _PROFILES},
        ".gitignore": (_SKELETON / "gitignore").read_bytes(),
        ".gitattributes": (_SKELETON / "gitattributes").read_bytes(),
    }
    values = read(source)
    if source.name == PARAMS.name and "extends" not in values and not extend:
        with contextlib.chdir(source.parent):
            validate(values, str(source))
        return {PARAMS.name: source.read_bytes(), **contents}
    shipped = find_shipped(like)
    if shipped is not None:  # with the data that it reads
        for path in sorted(shipped.rglob("*")):
            if path.is_file():
                contents[path.relative_to(shipped).as_posix()] = path.read_bytes()
    text = _study_text(source, like, folder, extend=extend)
    written = read_sources(folder.resolve() / STUDY, text)
    params = params_text(compose_sources(written, source), written.digests)
    return {**contents, STUDY: text.encode(), PARAMS.name: params.encode()}


def _study_text(source: Path, like: str, folder: Path, *, extend: bool) -> str:
    """The text of the new `study.yaml`: a copy, or one that extends the other."""
    shipped = find_shipped(like) is not None
    if extend:
        name = like if shipped else _from(folder, source)
        return (
            f"# Like {' '.join(like.split())}, but for what is stated here (docs/studies.md); then "
            f"`passk compose`.\nextends: {name}\n"
            "# defaults: {draws: {n: 64}}   # for instance\n"
        )
    text = source.read_text(encoding="utf-8")
    extended = read(source).get("extends")
    if isinstance(extended, str) and find_shipped(extended) is None:
        line = f"extends: {_from(folder, source.parent / Path(extended).expanduser())}"
        text, count = re.subn(r"(?m)^extends:[^\S\n]*\S.*$", lambda _: line, text)
        if count != 1:
            raise ParameterError(
                f"{source}: extends: the copy needs another path; write `extends: PATH` on one "
                "line, or make the folder with --extend"
            )
    return text


def _from(folder: Path, path: Path) -> str:
    """The path as it is from a folder, in quotes as YAML reads it."""
    relative = Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    return json.dumps(relative, ensure_ascii=False)


def _refuse_others(folder: Path, contents: dict[str, bytes]) -> None:
    """Refuse a folder with anything in it that is not to be there as it is."""
    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"{folder}: is a file; choose another folder")
    if (folder / ".dvc").exists():
        raise ParameterError(f"{folder}: is a DVC repository already; choose another folder")
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
