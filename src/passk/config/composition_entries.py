"""Entries of a `study.yaml`: placeholders, grids (`each`), `like`, and a section's defaults.

An entry with `each` is a grid: its name holds placeholders in braces, and there is one entry for
each combination of their values, the first placeholder slowest. `each` names for a placeholder a
list of values, a mapping of values to keys that go into the entry, or a section whose names are
taken (`train`). A name that stands in the section by itself is left out of its grids.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from passk.config.composition_sources import as_mapping, merge
from passk.core.legal import suggest
from passk.core.yaml_files import ParameterError

# Keys of an entry that composing reads; they do not reach params.yaml.
NOTES = ("label", "colour", "group")
_DIRECTIVES = (*NOTES, "like")
_PROSE = {"label", "labels", "title", "subtitle", "caveat"}  # keys whose text people read
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(\.label)?\}")
LABEL_OF = "\0"  # around a name: its label stands here


@dataclass
class ComposedSection:
    """The entries of a section, composed.

    Attributes:
        entries: name -> its keys.
        notes: name -> label, colour and group, where stated.
        like: name -> the entry that it is like, where it says so.
    """

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    like: dict[str, str] = field(default_factory=dict)


def fill(node: Any, values: Mapping[str, Any], *, prose: bool = False) -> Any:  # noqa: ANN401
    """Put values in the place of `{placeholders}`, in keys and texts; others stay as they are.

    A text that is one placeholder becomes the value itself. In names, a number's dot is written
    `_`, as names hold none.

    Example:
        >>> fill({"base-t{t}": ["{t}", "{other}"]}, {"t": 0.2})
        {'base-t0_2': [0.2, '{other}']}
    """
    if isinstance(node, Mapping):
        return {
            _key(key, values): fill(value, values, prose=prose or key in _PROSE)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [fill(item, values, prose=prose) for item in node]
    if not isinstance(node, str):
        return node
    whole = _PLACEHOLDER.fullmatch(node)
    if whole and not whole[2] and whole[1] in values:
        return values[whole[1]]

    def text(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        if match[2]:
            return f"{LABEL_OF}{value}{LABEL_OF}"
        return str(value) if prose or not isinstance(value, float) else str(value).replace(".", "_")

    return _PLACEHOLDER.sub(text, node)


def _key(key: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A mapping's key with its placeholders filled."""
    filled = fill(key, values)
    if isinstance(filled, Mapping | list):
        raise ParameterError(
            f"{key} = {filled!r}: stands for a key; legal: a text or a number under `values` or "
            "`each`"
        )
    return filled


def expand(
    location: str,
    written: Any,  # noqa: ANN401
    defaults: Mapping[str, Any],
    values: Mapping[str, Any],
    known: Mapping[str, ComposedSection],
) -> ComposedSection:
    """The entries of a section.

    Args:
        location: the section's key, e.g. `draws`.
        written: what the study says there.
        defaults: keys of every entry that does not state them.
        values: the study's placeholders.
        known: sections before this one, for `each`.

    Raises:
        ParameterError: names key, value, what is legal.
    """
    entries = as_mapping(location, written, "a mapping, NAME: {KEY: VALUE, ...}")
    own = dict(_named(location, entries, values, known))
    section = ComposedSection()
    for name, entry in own.items():
        section.entries[name] = _resolve(location, name, own, defaults, ())
        if "like" in entry:
            section.like[name] = entry["like"]
            if location == "draws" and "model" not in entry:
                section.entries[name].pop("model", None)  # follows from its name first
        section.notes[name] = {note: entry[note] for note in NOTES if note in entry}
    return section


def _named(
    location: str,
    written: Mapping[str, Any],
    values: Mapping[str, Any],
    known: Mapping[str, ComposedSection],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and own keys of every entry, grids laid out."""
    plain = {
        str(fill(key, values))
        for key, entry in written.items()
        if not (isinstance(entry, Mapping) and "each" in entry)
    }
    makers: dict[str, str] = {}
    for key, entry in written.items():
        at = f"{location}.{key}"
        keys = as_mapping(at, entry)
        grid = fill(keys.pop("each", None), values)
        for chosen, extra in [({}, {})] if grid is None else _combinations(at, key, grid, known):
            filled = {**values, **chosen}
            name = _complete(at, str(fill(key, filled)), "name")
            if grid is not None and name in plain:
                continue
            if name in makers:
                raise ParameterError(f"{at}: makes {name!r}, as {makers[name]} does; rename one")
            makers[name] = at
            content = fill(merge(extra, keys), filled)
            for note in NOTES:
                if isinstance(content.get(note), str):
                    _complete(f"{at}.{note}", content[note], note)
            yield name, content


def _complete(location: str, text: str, what: str) -> str:
    """A text without placeholders that nothing fills."""
    if (left := _PLACEHOLDER.search(text)) is not None:
        raise ParameterError(
            f"{location} = {text!r}: nothing says what {left[0]} is; name it under `each` of the "
            f"entry or under `values`, or write the {what} without it"
        )
    return text


def _combinations(
    location: str,
    key: str,
    grid: Any,  # noqa: ANN401
    known: Mapping[str, ComposedSection],
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """For each point of a grid, the placeholders' values, and the keys that they bring."""
    if not isinstance(grid, Mapping) or not grid:
        raise ParameterError(f"{location}.each = {grid!r}: legal: {{PLACEHOLDER: [VALUE, ...]}}")
    named = {match[1] for match in _PLACEHOLDER.finditer(key)}
    for placeholder in grid:
        if placeholder not in named:
            raise ParameterError(
                f"{location}.each.{placeholder}: the entry's name {key!r} does not hold "
                f"{{{placeholder}}}; {suggest(str(placeholder), named)}"
            )
    choices = [_choices(f"{location}.each.{name}", value, known) for name, value in grid.items()]
    for combination in itertools.product(*choices):
        extra: dict[str, Any] = {}
        for _, keys in combination:
            extra = merge(extra, keys)
        yield dict(zip(grid, (value for value, _ in combination), strict=True)), extra


def _choices(
    location: str,
    value: Any,  # noqa: ANN401
    known: Mapping[str, ComposedSection],
) -> list[tuple[Any, dict[str, Any]]]:
    """The values of one placeholder, each with the keys that it brings."""
    if isinstance(value, list) and value:
        return [(item, {}) for item in value]
    if isinstance(value, Mapping) and value:
        return [(name, as_mapping(f"{location}.{name}", keys)) for name, keys in value.items()]
    if isinstance(value, str) and value in known:
        return [(name, {}) for name in known[value].entries]
    raise ParameterError(
        f"{location} = {value!r}: legal: a list of values, a mapping of values to keys, or a "
        f"section before this one ({', '.join(known) or 'none'})"
    )


def _resolve(
    location: str,
    name: str,
    own: Mapping[str, dict[str, Any]],
    defaults: Mapping[str, Any],
    seen: tuple[str, ...],
) -> dict[str, Any]:
    """An entry with the keys that it takes from another, or from the section's defaults."""
    entry = {key: value for key, value in own[name].items() if key not in _DIRECTIVES}
    other = own[name].get("like")
    if other is None:
        return merge(defaults, entry)
    if not isinstance(other, str) or other not in own:
        raise ParameterError(
            f"{location}.{name}.like = {other!r}: no such entry; {suggest(str(other), own)}"
        )
    if other == name or other in seen:
        raise ParameterError(f"{location}.{name}.like = {other!r}: like itself; state its keys")
    return merge(_resolve(location, other, own, defaults, (*seen, name)), entry)
