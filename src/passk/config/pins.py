"""What `passk pin` resolved, and where it stands: pins.yaml beside study.yaml, else params.yaml.

Entries of a study may be extended from another, or be points of a grid, so that no line of
`study.yaml` is theirs alone. So pins have a file of their own, which `passk compose` lays over the
entries of the same name, where an entry still names the same source (and states the same origin, if
it states one: `place`) and states no pin itself.

    fetch:
      base:
        source: Qwen/Qwen2.5-7B
        revision: d149729398750b98c0af14eb82c78cfe92750796
    benchmarks:
      aime25:
        source: aime25
        origin: {hub: math-ai/aime25, revision: 563bc7e1..., file: test.jsonl}
        sha256: 4f2c...

Example:
    >>> entries = {"fetch": {"base": {"source": "a/b"}, "own": {"source": "a/c"}}}
    >>> apply_pins(entries, {"fetch": {"base": {"source": "a/b", "revision": "1"},
    ...                                "own": {"source": "a/b", "revision": "2"}}})
    >>> entries["fetch"]
    {'base': {'source': 'a/b', 'revision': '1'}, 'own': {'source': 'a/c'}}
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from passk.core.files import replacing
from passk.core.yaml_files import ParameterError, read

PINS = "pins.yaml"
Pins = dict[str, dict[str, dict[str, Any]]]  # section -> entry -> its source, and what pins it
_SECTIONS = ("fetch", "benchmarks")
_HEAD = (
    "Written by `passk pin`: what was resolved, which `passk compose` lays over the entries of "
    "these names."
)


def read_pins(folder: Path) -> Pins:
    """The pins of a study's folder; none where there is no file.

    Raises:
        ParameterError: the file is of another form.
    """
    path = folder / PINS
    if not path.exists():
        return {}
    pins = read(path)
    for section, entries in pins.items():
        if section not in _SECTIONS or not isinstance(entries, dict):
            raise ParameterError(
                f"{path}: {section}: legal: {', '.join(_SECTIONS)}, each {{NAME: {{source, "
                "revision, ...}}; delete the file and run `passk pin`"
            )
    return pins


def apply_pins(values: Mapping[str, Any], pins: Pins) -> None:
    """Lay pins over the entries of the same name and source; what an entry states stays."""
    for section, entries in pins.items():
        known = values.get(section) or {}
        for name, pin in entries.items():
            entry = known.get(name)
            if isinstance(entry, dict) and _is_of(entry, pin):
                _apply(entry, pin)


def _is_of(entry: Mapping[str, Any], pin: Mapping[str, Any]) -> bool:
    """Whether a pin is of the source and the origin that an entry states."""
    stated = entry.get("origin")
    place = name_place(stated) if isinstance(stated, Mapping) else None
    return entry.get("source") == pin.get("source") and place == pin.get("place")


def name_place(origin: Mapping[str, Any]) -> str:
    """What an entry says of its origin, in a line.

    Example:
        >>> name_place({"hub": "owner/sums", "file": "a.jsonl"})
        'owner/sums@main/a.jsonl'
    """
    if origin.get("url"):
        return str(origin["url"])
    return f"{origin.get('hub')}@{origin.get('revision') or 'main'}/{origin.get('file')}"


def _apply(entry: dict[str, Any], pin: Mapping[str, Any]) -> None:
    if "origin" in entry and "origin" in pin:
        entry["origin"]["revision"] = pin["origin"]["revision"]
    for key, value in pin.items():
        if key not in ("source", "place") and entry.get(key) is None:
            entry[key] = value


def write_pins(folder: Path, pins: Pins) -> None:
    """Add pins to the file; those of other entries stay."""
    path = folder / PINS
    yaml = YAML()
    yaml.width = 200
    content = yaml.load(path) if path.exists() else CommentedMap()
    if not path.exists():
        content.yaml_set_start_comment(_HEAD)
    _lay(content, pins)
    with replacing(path) as temporary:
        yaml.dump(content, temporary)


def write_parameters(path: Path, pins: Pins) -> None:
    """Write pins into the entries of a `params.yaml` that nothing composes; comments stay."""
    yaml = YAML()
    yaml.width = 200
    yaml.preserve_quotes = True
    content = yaml.load(path)
    apply_pins(content, pins)
    with replacing(path) as temporary:
        yaml.dump(content, temporary)


def _lay(content: CommentedMap, pins: Pins) -> None:
    for section, entries in pins.items():
        known = content.setdefault(section, CommentedMap())
        for name, pin in entries.items():
            known[name] = CommentedMap(pin)
