"""A parameter file of the version before: its keys and values by their names of today.

The text is edited in place, key by key, so that comments, order and layout stay as they are.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from passk.config.renamed import find_new_key, find_new_value

Location = tuple[str | int, ...]


class Renaming(NamedTuple):
    """One word of a parameter file that is called otherwise now.

    Attributes:
        line, column: where it begins, from 0.
        old, new: the word.
        location: the key by its parts, in today's names.
    """

    line: int
    column: int
    old: str
    new: str
    location: Location


def rename_text(text: str) -> tuple[str, list[Renaming]]:
    """A parameter file in today's names, and what was renamed, in order.

    Raises:
        ValueError: a key stands where its text cannot be told, e.g. behind an alias.
    """
    renamings = sorted(set(_find(YAML().load(text), ())))
    lines = text.splitlines(keepends=True)
    for renaming in reversed(renamings):
        line = lines[renaming.line]
        start = renaming.column
        while line[start : start + 1] in ("'", '"'):
            start += 1
        if not line.startswith(renaming.old, start):
            raise ValueError(
                f"params.yaml, line {renaming.line + 1}: expected {renaming.old!r} here; rename it "
                f"to {renaming.new!r} by hand"
            )
        lines[renaming.line] = line[:start] + renaming.new + line[start + len(renaming.old) :]
    return "".join(lines), renamings


def rename_values(value: object, location: Location = ()) -> object:
    """Plain parameters in today's names.

    Args:
        value: what stands at a location.
        location: the key by its parts, in today's names.
    """
    if isinstance(value, Mapping):
        renamed = {}
        for key, inner in value.items():
            name = find_new_key((*location, key)) or key
            renamed[name] = rename_values(inner, (*location, name))
        return renamed
    if isinstance(value, list):
        return [rename_values(inner, (*location, i)) for i, inner in enumerate(value)]
    return find_new_value(location, value) or value if location else value


def rename_key(key: str) -> str:
    """A dotted key in today's names.

    Example:
        >>> rename_key("select.own"), rename_key("analysis.pairs"), rename_key("draws.base.n")
        ('rejection_sampling.own', 'analysis.comparisons', 'draws.base.n')
    """
    parts: list[str] = []
    for part in key.split("."):
        parts.append(find_new_key((*parts, part)) or part)
    return ".".join(parts)


def _find(node: object, location: Location) -> Iterator[Renaming]:
    """Words of a part of the file that are called otherwise now."""
    if isinstance(node, CommentedMap):
        for key, inner in node.items():
            new = find_new_key((*location, key))
            new_location = (*location, new or key)
            if new is not None:
                line, column = node.lc.key(key)
                yield Renaming(line, column, str(key), new, new_location)
            if (value := find_new_value(new_location, inner)) is not None:
                line, column = node.lc.value(key)
                yield Renaming(line, column, str(inner), value, new_location)
            yield from _find(inner, new_location)
    elif isinstance(node, CommentedSeq):
        for number, inner in enumerate(node):
            yield from _find(inner, (*location, number))
