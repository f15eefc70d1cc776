"""Faults of single values in words: key, value, what is legal, what to do."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from passk.config.renamed import find_new_key, find_new_value, has_old_key
from passk.config.schema import STATED
from passk.config.schema_tree import find_description, find_node, name_key
from passk.config.values import format_value
from passk.core.legal import suggest

_KINDS = {
    "int_type": "a whole number", "float_type": "a number", "bool_type": "true or false",
    "string_type": "text", "list_type": "a list", "dict_type": "a mapping",
    "model_type": "a mapping", "finite_number": "a finite number", "date_type": "a day in quotes",
}  # fmt: skip


def describe_errors(error: ValidationError) -> list[str]:
    """One line for each fault that a schema found."""
    return [
        _describe(dict(item))
        for item in error.errors(include_url=False)
        if not _is_renamed(dict(item)) and item["type"] != "default_factory_not_called"
    ]


def find_unstated(values: Mapping[str, Any]) -> Iterator[str]:
    """Keys that the file leaves to their defaults, though DVC must find them there."""
    for key in STATED:
        section, _, name = key.partition(".")
        if isinstance(values.get(section), Mapping) and name not in values[section]:
            default = find_node((section, name)).get("default")
            remedy = "" if default is None else f"; write `{name}: {format_value(default)}`"
            yield f"{key}: missing; dvc.yaml reads this key, so the file must state it{remedy}"


def _describe(error: Mapping[str, Any]) -> str:
    """One line of a pydantic error."""
    location, kind = error["loc"], error["type"]
    key = name_key(location)
    if kind == "missing":
        return f"{key}: missing; {find_description(location)}{_stated(location)}"
    if kind == "extra_forbidden":
        if (new := find_new_key(location)) is not None:
            return f"{key}: this key is now called {new!r}"
        siblings = list(find_node(location[:-1]).get("properties", {}))
        return f"{key}: unknown key; {suggest(str(location[-1]), siblings)}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _describe_tag(key, error)
    return _describe_value(key, error)


def _describe_value(key: str, error: Mapping[str, Any]) -> str:
    """A value that is illegal."""
    location, kind, value = error["loc"], error["type"], error["input"]
    if location and location[-1] == "[key]":
        return f"{key}: illegal name; legal: letters, digits, - and _, at most 64, no - or _ first"
    stated = "" if isinstance(value, dict | list) else f" = {value!r}"
    if (new := find_new_value(location, value)) is not None:
        return f"{key}{stated}: this value is now called {new!r}"
    if kind in _KINDS:
        legal = f"must be {_KINDS[kind]}, not {_name_type(value)}"
    else:
        legal = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    # What disagrees between keys needs no description of the whole section.
    described = "" if isinstance(value, dict) else f". {find_description(location)}"
    return f"{key}{stated}: {legal}{described}".rstrip()


def _stated(location: tuple[str | int, ...]) -> str:
    """What to write for a whole section that is missing: DVC reads it from the file."""
    node = find_node(location)
    if len(location) > 1 or node.get("type") != "object":
        return ""
    empty = "where there are none" if "properties" not in node else "for its defaults"
    required = node.get("required", [])
    return "" if required else f" dvc.yaml reads it: write `{location[0]}: {{}}` {empty}"


def _describe_tag(key: str, error: Mapping[str, Any]) -> str:
    """A form that there is not, or that is not named."""
    by = error["ctx"]["discriminator"].strip("'")
    if error["type"] == "union_tag_not_found":
        known = sorted(find_node(error["loc"]).get("discriminator", {}).get("mapping", {}))
        return f"{key}.{by}: missing; legal: {', '.join(known)}"
    tag, known = error["ctx"]["tag"], error["ctx"]["expected_tags"].replace("'", "").split(", ")
    return f"{key}.{by} = {tag!r}: unknown; {suggest(tag, known)}"


def _name_type(value: object) -> str:
    """What kind of value stands there, in words."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "infinity"
    names = {bool: "true or false", int: "a whole number", float: "a number with decimals",
             str: "text", list: "a list", dict: "a mapping", type(None): "null"}  # fmt: skip
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - NaN alone
        return "NaN"
    return names.get(type(value), type(value).__name__)


def _is_renamed(error: Mapping[str, Any]) -> bool:
    """Whether a key is missing because it has its old name, which another error says."""
    return error["type"] == "missing" and has_old_key(error["loc"], error["input"])
