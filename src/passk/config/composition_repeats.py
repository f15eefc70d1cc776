"""Repeats: the same models with other training seeds, the same draws with other replicates.

    repeats:
    - {seeds: [1, 2], of: [base, grpo]}        # base-s1, grpo-s1 (from base-s1), base-s2, grpo-s2
    - {seeds: [1, 2], of: [code-grpo]}         # two more seeds from the same start model
    - {replicates: [1], of: [base]}            # the draw base-r1

Every model, draw and comparison that `of` names is repeated. What refers to one of them refers to
its repeat: with another seed of `base`, `grpo` starts from it. A repeated arm keeps the
checkpoints that its repeated draws sample, or its last.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from passk.config.composition_entries import ComposedSection, fill
from passk.config.composition_rules import Entries, list_checkpoints
from passk.core.legal import suggest
from passk.core.yaml_files import ParameterError

_REFERRING = {  # keys that name what is repeated
    "seeds": ("start", "model", "reference", "candidate"),
    "replicates": ("reference", "candidate"),
}
_SECTIONS = {
    "seeds": ("pretrain", "train", "sft", "draws", "analysis.comparisons"),
    "replicates": ("draws", "analysis.comparisons"),
}
_LEGAL = "{seeds: [1, 2], of: [NAME, ...]} or {replicates: [1, 2], of: [DRAW, ...]}"
_PATTERNS = {"seeds": "{name}-s{seed}", "replicates": "{name}-r{replicate}"}


def repeat(sections: Mapping[str, ComposedSection], repeats: Any) -> None:  # noqa: ANN401
    """Add what `repeats` asks for to the sections.

    Raises:
        ParameterError: names the key, the value and what is legal.
    """
    if not isinstance(repeats or [], list):
        raise ParameterError(
            f"repeats = {repeats!r}: legal: a list of {{seeds: [1, 2], of: [...]}}"
        )
    for number, entry in enumerate(repeats or []):
        location = f"repeats[{number}]"
        kind = _kind(location, entry)
        known = {name for section in _SECTIONS[kind] for name in sections[section].entries}
        for name in entry["of"]:
            if not isinstance(name, str) or name not in known:
                raise ParameterError(
                    f"{location}.of = {name!r}: nothing to repeat; {suggest(str(name), known)}"
                )
        for value in entry[kind]:
            new = dict(_names(location, entry, kind, value))
            for section in _SECTIONS[kind]:
                _add(f"{location}.of", sections, section, new, {kind: value})
            _label(sections, entry, kind, value, new)


def _kind(location: str, entry: Any) -> str:  # noqa: ANN401
    """What an entry repeats by: `seeds` or `replicates`."""
    if not isinstance(entry, Mapping):
        raise ParameterError(f"{location} = {entry!r}: legal: {_LEGAL}")
    kinds = [kind for kind in _SECTIONS if kind in entry]
    if len(kinds) != 1 or not isinstance(entry.get("of"), list) or not entry["of"]:
        raise ParameterError(f"{location} = {dict(entry)!r}: legal: {_LEGAL}")
    if strange := set(entry) - {*kinds, "of", "as", "label"}:
        legal_keys = [*_SECTIONS, "of", "as", "label"]
        name = str(sorted(map(str, strange))[0])
        raise ParameterError(f"{location}.{name}: unknown key; {suggest(name, legal_keys)}")
    numbers = entry[kinds[0]]
    whole = isinstance(numbers, list) and all(type(n) is int and n >= 1 for n in numbers)
    if not whole or not numbers:
        raise ParameterError(
            f"{location}.{kinds[0]} = {numbers!r}: legal: a list of whole numbers from 1; 0 is "
            "what is repeated"
        )
    return kinds[0]


def _names(
    location: str, entry: Mapping[str, Any], kind: str, value: int
) -> Iterator[tuple[str, str]]:
    """What is repeated, and what its repeat is called."""
    pattern = str(entry.get("as", _PATTERNS[kind]))
    for name in entry["of"]:
        new = str(fill(pattern, {"name": name, kind.removesuffix("s"): value}))
        if new == name or "{" in new:
            raise ParameterError(
                f"{location}.as = {pattern!r}: legal: a name with {{name}} and "
                f"{{{kind.removesuffix('s')}}}, e.g. {_PATTERNS[kind]!r}"
            )
        yield name, new


def _add(
    location: str,
    sections: Mapping[str, ComposedSection],
    section: str,
    new: Mapping[str, str],
    by: Mapping[str, int],
) -> None:
    """The repeats of one section's entries, for one seed or replicate."""
    entries = sections[section].entries
    for name in [name for name in new if name in entries]:
        entry = _referring(entries[name], new, *by)
        if section in ("pretrain", "train", "sft"):
            entry["train_seed"] = by["seeds"]
        if section == "train":
            entry["checkpoints"] = _steps(sections["draws"].entries, entries[name], name, new)
        if section == "draws" and "replicates" in by:
            entry["replicate"] = by["replicates"]
        if section == "draws" and "replicates" in by and entry.get("engine") == "imported":
            raise ParameterError(
                f"{location} = {name!r}: imports its samples, and a replicate would count the same "
                "ones again; legal: draws whose samples are drawn here; import other samples "
                "under another name"
            )
        if section == "draws" and entry == entries[name]:
            raise ParameterError(
                f"{location}: draw {name!r} samples {entry['model']!r}, which is not repeated; "
                "name that model too, or leave out the draw"
            )
        if section == "analysis.comparisons" and entry == entries[name]:
            continue
        if new[name] in entries:
            raise ParameterError(f"{location}: {section}.{new[name]} is there already; see `as`")
        entries[new[name]] = entry


def _referring(entry: Mapping[str, Any], new: Mapping[str, str], kind: str) -> dict[str, Any]:
    """An entry that refers to the repeats."""
    changed = copy.deepcopy(dict(entry))
    for key in _REFERRING[kind]:
        name, slash, step = str(entry.get(key)).partition("/")
        if name in new:
            changed[key] = f"{new[name]}{slash}{step}"
    return changed


def _steps(draws: Entries, arm: Mapping[str, Any], name: str, new: Mapping[str, str]) -> list[int]:
    """The checkpoints of a repeated arm: those that repeated draws sample, or the last."""
    parts = [str(draws[draw]["model"]).partition("/step-") for draw in new if draw in draws]
    sampled = {int(step) for model, _, step in parts if model == name and step.isdecimal()}
    return sorted(sampled) or [max(list_checkpoints(arm), default=1)]


def _label(
    sections: Mapping[str, ComposedSection],
    entry: Mapping[str, Any],
    kind: str,
    value: int,
    new: Mapping[str, str],
) -> None:
    """The label of every repeat, where the entry says how they are called."""
    if "label" not in entry:
        return
    for name, called in new.items():
        filled = fill(entry["label"], {"name": name, kind.removesuffix("s"): value}, prose=True)
        for section in _SECTIONS[kind]:
            if called in sections[section].entries:
                sections[section].notes.setdefault(called, {})["label"] = filled
