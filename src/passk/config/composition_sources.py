"""What a `study.yaml` says together with what it extends, merged into one.

A study extends one that the package ships, by its name, or another file, by its path. Mappings are
merged key by key; everything else is replaced. A mapping that states another `name`, `kind` or
`world` is another thing, and replaces the whole mapping: an algorithm's options are no options of
the next.
"""

import copy
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from passk.config.pins import PINS, Pins, read_pins
from passk.core.legal import suggest
from passk.core.yaml_files import ParameterError, read

STUDY = "study.yaml"
ALIASES = {"default": "miniature"}
TAGS = ("name", "kind", "world")  # say what a mapping is


@dataclass(frozen=True)
class Sources:
    """A study as it is written, with all that it extends.

    Attributes:
        values: the merged content, without `extends` and `drop`.
        digests: file or shipped name -> SHA-256 of its bytes, the study's own first.
        pins: what `passk pin` resolved for it, and for what it extends.
    """

    values: dict[str, Any]
    digests: dict[str, str]
    pins: Pins = field(default_factory=dict)


def shipped_folder() -> Path:
    """The folder of the studies that the package ships, a folder each."""
    return Path(str(files("passk"))) / "studies"


def list_shipped() -> list[str]:
    """Names of the studies that the package ships."""
    return sorted(path.parent.name for path in shipped_folder().glob(f"*/{STUDY}"))


def find_shipped(name: str) -> Path | None:
    """The folder of a shipped study; None where there is none of that name."""
    known = ALIASES.get(name, name)
    return shipped_folder() / known if known in list_shipped() else None


def read_sources(path: Path, text: str | None = None) -> Sources:
    """Read a study and what it extends.

    Args:
        path: of the study.
        text: what the file will hold, where it is not written yet.

    Raises:
        ParameterError: a file is missing or no YAML, a study extends itself, or `drop` names what
            is not there; the message names file, key and remedy.
    """
    return _read(path, path.parent, (), text)


def _read(path: Path, root: Path, seen: tuple[Path, ...], text: str | None = None) -> Sources:
    if path.resolve() in seen:
        chain = " extends ".join(str(one) for one in (*seen, path.resolve()))
        raise ParameterError(f"{path}: extends itself ({chain}); remove one `extends`")
    own = read(path) if text is None else _parse(text, path)
    content = path.read_bytes() if text is None else text.encode()
    digest = {_name(path, root): hashlib.sha256(content).hexdigest()}
    extended, dropped = own.pop("extends", None), own.pop("drop", None) or []
    if not isinstance(dropped, list):
        raise ParameterError(
            f"{path}: drop = {dropped!r}: legal: a list of dotted keys; write "
            f"`drop: [{dropped if isinstance(dropped, str) else 'draws.NAME'}]`"
        )
    if extended is None:
        if dropped:
            raise ParameterError(f"{path}: drop: there is nothing to drop without `extends`")
        return Sources(own, digest | _pins_digest(path, root), read_pins(path.parent))
    base = _read(_find(path, extended), root, (*seen, path.resolve()))
    values = copy.deepcopy(base.values)
    for key in dropped:
        _drop(values, str(key), path)
    pins = merge(base.pins, read_pins(path.parent))
    return Sources(merge(values, own), digest | _pins_digest(path, root) | base.digests, pins)


def _pins_digest(path: Path, root: Path) -> dict[str, str]:
    """The digest of the pins beside a study, if there are any."""
    file = path.with_name(PINS)
    if not file.exists():
        return {}
    name = f"{_name(path, root)}/{PINS}" if find_shipped(path.parent.name) == path.parent else None
    return {name or _name(file, root): hashlib.sha256(file.read_bytes()).hexdigest()}


def _parse(text: str, path: Path) -> dict[str, Any]:
    """A study's own keys, of a text that is to stand at a path."""
    try:
        values = YAML(typ="safe").load(text)
    except YAMLError as error:
        raise ParameterError(f"{path}: would be no valid YAML: {error}") from error
    return as_mapping(str(path), values)


def _name(path: Path, root: Path) -> str:
    """What a source is called in the head of params.yaml: equal on every machine."""
    if path.parent.parent == shipped_folder() and path.name == STUDY:
        return path.parent.name
    return Path(os.path.relpath(path, root)).as_posix()


def _find(path: Path, extended: Any) -> Path:  # noqa: ANN401
    """The file that a study extends."""
    if isinstance(extended, str):
        if (folder := find_shipped(extended)) is not None:
            return folder / STUDY
        other = path.parent / Path(extended).expanduser()
        if not path.parent.exists():  # `..` of a folder that is to be made
            other = Path(os.path.normpath(other))
        if (file := other / STUDY if other.is_dir() else other).is_file():
            return file
    raise ParameterError(
        f"{path}: extends = {extended!r}: no shipped study, and no file or folder with a {STUDY}; "
        f"{suggest(str(extended), [*list_shipped(), *ALIASES])}, or a path"
    )


def _drop(values: dict[str, Any], key: str, path: Path) -> None:
    """Remove a dotted key of what is extended."""
    *parents, last = key.split(".")
    node: Any = values
    for part in parents:
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, dict) or last not in node:
        known = list(node) if isinstance(node, dict) else list(values)
        raise ParameterError(
            f"{path}: drop: {key!r} is not in what is extended; {suggest(last, map(str, known))}"
        )
    del node[last]


def as_mapping(
    location: str,
    value: Any,  # noqa: ANN401
    legal: str = "a mapping of keys to values",
) -> dict[str, Any]:
    """A mapping that a study writes; an empty one where it writes nothing.

    Raises:
        ParameterError: something else stands there; names key, value, what is legal.
    """
    if not isinstance(value, Mapping | None):
        raise ParameterError(f"{location} = {value!r}: legal: {legal}; write one, or leave it out")
    return dict(value or {})


def merge(base: Any, over: Any) -> Any:  # noqa: ANN401
    """The second laid over the first; neither is changed.

    Example:
        >>> merge({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}})
        {'a': {'b': 1, 'c': 3}}
        >>> merge({"name": "grpo", "eps": 1e-4}, {"name": "rloo"})
        {'name': 'rloo'}
    """
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return copy.deepcopy(over)
    if any(tag in base and tag in over and base[tag] != over[tag] for tag in TAGS):
        return copy.deepcopy(dict(over))
    merged = copy.deepcopy(dict(base))
    for key, value in over.items():
        merged[key] = merge(merged[key], value) if key in merged else copy.deepcopy(value)
    return merged
