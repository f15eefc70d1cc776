"""Reading a parameter file as DVC reads it (YAML 1.2: `1e-4` is a number, `on` is a word)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError


class ParameterError(ValueError):
    """A parameter is missing, unknown or illegal; the message says what is legal."""


class UnreadableFileError(ParameterError):
    """A parameter file is not there, or is no YAML mapping: nothing can be said of its values."""


def read(path: Path) -> dict[str, Any]:
    """The parameters as plain dictionaries and lists."""
    try:
        values = YAML(typ="safe").load(path)
    except FileNotFoundError:
        raise UnreadableFileError(f"{path}: no such file; are you in the project's root?") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{path}: not readable: {error}") from error
    except YAMLError as error:
        raise UnreadableFileError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(values, dict):
        raise UnreadableFileError(
            f"{path}: expected a mapping of sections, found {type(values).__name__}"
        )
    return values


def is_path(name: str) -> bool:
    """Whether what may be a name or a file is meant as a file: it has a folder, or ends in .yaml.

    Example:
        >>> is_path("oat"), is_path("oat.yaml"), is_path("templates/oat")
        (False, True, True)
    """
    return "/" in name or name.endswith((".yaml", ".yml"))


def select(values: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Only the given dotted keys, nested as in the file.

    Example:
        >>> select({"a": {"b": 1, "c": 2}, "d": 3}, ("a.b",))
        {'a': {'b': 1}}
    """
    chosen: dict[str, Any] = {}
    for key in keys:
        source: Any = values
        target = chosen
        *parents, last = key.split(".")
        for part in parents:
            source = source[part]
            target = target.setdefault(part, {})
        target[last] = source[last]
    return chosen
