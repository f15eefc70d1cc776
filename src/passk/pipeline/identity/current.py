"""Identity as it is now: resolved parameters and components, computed where something changed.

Reading every source file takes 30 ms, checking and resolving parameters over a second, so what was
computed is kept under a name that follows from all that it depends on.
"""

import json
import sysconfig
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from passk.config.composition import check_composed
from passk.config.paths import COMPONENTS, PARAMS, STATE
from passk.core.digests import digest, file_digest
from passk.core.files import FileError, json_text, read_json, write_json, write_once, write_text
from passk.core.yaml_files import read
from passk.pipeline.dag import Stage, cached
from passk.pipeline.identity.components import Components, StageComponents, compute
from passk.pipeline.identity.source_files import PACKAGE, SourceFiles

FOLDER = STATE / "identity"
_CODE = (".py", ".yaml", ".sql", ".j2", ".css", ".js", ".csv", ".html", ".jinja")


class IdentityError(ValueError):
    """Code or parameters are not those that were meant to run; the message says what to do."""


@dataclass(frozen=True)
class Identity:
    """What stages depend on besides data.

    Attributes:
        parameters: all of `params.yaml`, resolved: every default filled in.
        stated: as they stand in `params.yaml`.
        components: group -> item -> component -> digest.
    """

    parameters: Mapping[str, Any]
    stated: Mapping[str, Any]
    components: Components

    def of_stage(self, stage: Stage) -> StageComponents:
        """The components of a stage."""
        return self.components[stage.group][stage.item]


def code_digest() -> str:
    """Digest of every source file of this package, comments included."""
    return digest(*((path.relative_to(PACKAGE).as_posix(), file_digest(path)) for path in _code()))


def _code() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*") if path.suffix in _CODE)


def read_identity(root: Path = Path()) -> Identity:
    """Resolved parameters and components of the parameters and the code at hand.

    Raises:
        ParameterError: every fault of the parameters by key, value and what is legal.
        SyntaxError: a source file is no Python.
    """
    while True:
        state = _state(root)
        path = root / FOLDER / f"{state}.json"
        if path.exists():
            content = read_json(path, "delete it")
            if all(_is_unchanged(root / name, mark) for name, mark in content["others"].items()):
                return Identity(content["parameters"], content["stated"], content["components"])
        before = _written(root)
        identity, files = _compute(root)
        # else an edit came meanwhile, if only to be undone: it must not be kept by that name
        if _written(root) == before and _state(root) == state:
            _keep(identity, files, path, root)
            return identity


def _state(root: Path) -> str:
    """Digest of what identity depends on: parameters, definition, code, installed packages."""
    # Other packages add legal names; installing or removing one touches this folder.
    installed = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
    definition = [file_digest(p) for n in ("dvc.yaml", PARAMS) if (p := root / n).exists()]
    return digest(definition, str(PACKAGE), code_digest(), installed)[:32]


def _written(root: Path) -> list[int]:
    """When each file that identity depends on was written, in nanoseconds."""
    files = [path for path in (root / PARAMS, root / "dvc.yaml", *_code()) if path.exists()]
    return [path.stat().st_mtime_ns for path in files]


def _is_unchanged(path: Path, mark: str) -> bool:
    return path.exists() and file_digest(path) == mark


def _compute(root: Path) -> tuple[Identity, SourceFiles]:
    from passk.config.resolved import resolve
    from passk.config.study import load_study

    parameters = resolve(load_study(root / PARAMS))
    files = SourceFiles(root / FOLDER / "source-files.json")
    components = compute(parameters, cached(root), files)
    return Identity(parameters, read(root / PARAMS), components), files


def _keep(identity: Identity, files: SourceFiles, path: Path, root: Path) -> None:
    """Remember an identity, and which files its components are made of."""
    files.save()
    for mark, members in files.members.items():
        write_once(root / FOLDER / "members" / f"{mark}.json", json_text(members))
    # of packages that extend this one, and the study's own
    others = {str(file): file_digest(file) for file in files.read if PACKAGE not in file.parents}
    write_json(path, {**asdict(identity), "others": others})


def write_components(root: Path = Path()) -> Identity:
    """Bring `components.json` up to date; it is written only where it changes.

    Raises:
        ParameterError: as `read_identity`; or `study.yaml` composes something else by now.
    """
    check_composed(root)
    identity = read_identity(root)
    # A line per stage: small, and read by people in a diff.
    groups = []
    for group, items in identity.components.items():
        lines = (f"  {json.dumps(item)}: {json.dumps(entry)}" for item, entry in items.items())
        inner = "{\n" + ",\n".join(lines) + "\n }"
        groups.append(f" {json.dumps(group)}: {json.dumps(items['']) if '' in items else inner}")
    text = "{\n" + ",\n".join(groups) + "\n}\n"
    path = root / COMPONENTS
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return identity


def read_components(stage: Stage, root: Path = Path()) -> StageComponents:
    """What `components.json` says of a stage, as DVC reads it; empty where it says nothing."""
    if not (root / COMPONENTS).exists():
        return {}
    try:
        content = read_json(root / COMPONENTS)
    except FileError:
        return {}
    entry = content.get(stage.group, {})
    return dict(entry.get(stage.item, {}) if stage.item else entry)


def differing(before: StageComponents, now: StageComponents) -> list[str]:
    """Names of the components that differ, in alphabetical order."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def changed_files(before: str, now: str, root: Path = Path()) -> list[str]:
    """Files in which two states of a component differ; empty where the old one is unknown."""
    paths = [root / FOLDER / "members" / f"{mark}.json" for mark in (before, now)]
    if not all(path.exists() for path in paths):
        return []
    old, new = (read_json(path, "delete it") for path in paths)
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
