"""Composing `params.yaml` of `study.yaml`, and whether the two still agree.

`study.yaml` is what a person writes: docs/studies.md says what it may hold. `params.yaml` is what
DVC reads: every entry laid out, without anchors. Its head says from what it was composed. An edit
of `params.yaml` by hand is accepted, and named; a `study.yaml` that means something else since is
refused, as the run would not be of what it says.

Example:
    state = check_composed(Path())     # ParameterError where study.yaml changed since
    state.edited                       # ('draws.base.n',)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from passk.config import composition_rules as rules
from passk.config.composition_entries import Section, expand, fill
from passk.config.composition_repeats import repeat
from passk.config.composition_sources import STUDY, Sources, read_sources
from passk.config.composition_text import (
    Head,
    content_digest,
    params_text,
    read_head,
    state_defaults,
    trim,
)
from passk.config.paths import PARAMS
from passk.config.study import Study, validate
from passk.core.legal import suggest
from passk.core.yaml_files import ParameterError, read

# Sections of entries, in the order in which one may refer to another.
SECTIONS = (
    "worlds", "benchmarks", "imported", "sets", "pretrain", "fetch", "train",
    "rejection_sampling", "reference_answers", "sft", "draws", "analysis.views",
    "analysis.comparisons", "examples", "headline",
)  # fmt: skip
_SETTINGS = ("sampling", "verification", "validation", "analysis", "report")
_OWN = ("values", "defaults", "repeats")  # keys of study.yaml that params.yaml has not
REMEDY = "run `passk compose`"


@dataclass(frozen=True)
class Composed:
    """What is known of a study's `params.yaml`.

    Attributes:
        sources: file or shipped name -> digest, as its head says; empty where it says nothing.
        edited: dotted keys whose values are not those that `study.yaml` composes.
    """

    sources: Mapping[str, str]
    edited: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """One line about edits by hand; empty where there are none."""
        if not self.edited:
            return ""
        shown = ", ".join(self.edited[:6])
        more = f" and {len(self.edited) - 6} more" if len(self.edited) > 6 else ""
        verb = "differs" if len(self.edited) == 1 else "differ"
        return f"{PARAMS} was edited since it was composed: {shown}{more} {verb} from {STUDY}"


def compose(path: Path) -> dict[str, Any]:
    """The parameters that a `study.yaml` stands for: laid out, legal, defaults left out.

    Raises:
        ParameterError: every fault by key, value and what is legal.
    """
    return compose_sources(read_sources(path), path)


def compose_sources(sources: Sources, path: Path) -> dict[str, Any]:
    """As `compose`, of what is read already."""
    try:
        values = _lay_out(sources.values)
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from None
    state_defaults(values)
    return trim(values, validate(values, str(path)))


def _lay_out(written: Mapping[str, Any]) -> dict[str, Any]:
    """All entries, and what follows from them."""
    known = [*Study.model_fields, *_OWN]
    for key in written:
        if key not in known:
            raise ParameterError(f"{key}: unknown key; {suggest(str(key), known)}")
    values = written.get("values") or {}
    defaults = fill(written.get("defaults") or {}, values)
    for key in defaults:
        if key not in SECTIONS:
            raise ParameterError(f"defaults.{key}: no section of entries; {suggest(key, SECTIONS)}")
    laid = {
        name: fill(written[name], values) if name in written else {}
        for name in Study.model_fields
        if name in written or name in _SETTINGS
    }
    sections: dict[str, Section] = {}
    for place in SECTIONS:
        sections[place] = expand(
            place, _at(written, place), defaults.get(place, {}), values, dict(sections)
        )
        _follow(place, sections)
    repeat(sections, fill(written.get("repeats"), values))
    for place, section in sections.items():
        _put(laid, place, section.entries)
    _conclude(laid, sections)
    return laid


def _follow(place: str, sections: Mapping[str, Section]) -> None:
    """What follows once a section is laid out."""
    if place == "sets":
        rules.follow_sets(sections)
    if place == "sft":
        rules.follow_arms(sections)
    if place == "draws":
        rules.follow_draws(sections)
    if place == "analysis.comparisons":
        rules.follow_comparisons(sections, sections[place])


def _conclude(laid: dict[str, Any], sections: Mapping[str, Section]) -> None:
    """Groups, labels and colours, which entries say and other sections hold."""
    analysis, report = laid.get("analysis"), laid.get("report")
    groups = rules.list_groups(sections["analysis.comparisons"])
    labels = rules.list_notes(sections, "label")
    colours = rules.list_notes(sections, "colour")
    if isinstance(analysis, dict):
        stated = analysis.get("groups") or {}
        for fault in rules.group_members(stated, groups):
            raise ParameterError(fault)
        analysis["groups"] = {**groups, **stated}
    if isinstance(report, dict):
        report["labels"] = rules.complete_labels({**labels, **(report.get("labels") or {})})
        report["colours"] = {**colours, **(report.get("colours") or {})}


def _at(values: Mapping[str, Any], place: str) -> Any:  # noqa: ANN401
    """What stands at a dotted key; nothing where it is missing."""
    node: Any = values
    for part in place.split("."):
        node = (node or {}).get(part) if isinstance(node or {}, Mapping) else None
    return node


def _put(values: dict[str, Any], place: str, entries: Mapping[str, Any]) -> None:
    """Set a dotted key."""
    *parents, last = place.split(".")
    node = values
    for part in parents:
        if not isinstance(node.setdefault(part, {}), dict):
            raise ParameterError(f"{part} = {node[part]!r}: legal: a mapping")
        node = node[part]
    node[last] = dict(entries)


def compose_text(root: Path) -> str:
    """The text of `params.yaml` that the `study.yaml` of a folder composes."""
    sources = read_sources(root / STUDY)
    return params_text(compose_sources(sources, root / STUDY), sources.digests)


def check_composed(root: Path) -> Composed:
    """Whether `params.yaml` is what `study.yaml` composes; a study may have no `study.yaml`.

    Costs three small reads where nothing changed, a second or two where something did.

    Raises:
        ParameterError: `study.yaml`, or what it extends, composes something else since; names what
            changed and the command.
    """
    if not (root / STUDY).exists():
        return Composed({})
    if not (root / PARAMS).exists():
        raise ParameterError(f"{root / PARAMS}: not composed yet; {REMEDY}")
    head, params = read_head(root / PARAMS), read(root / PARAMS)
    sources = read_sources(root / STUDY)
    same_sources = head is not None and head.sources == sources.digests
    if head is not None and same_sources and head.content == content_digest(params):
        return Composed(head.sources)
    composed = compose_sources(sources, root / STUDY)
    if head is not None and not same_sources and head.content != content_digest(composed):
        raise ParameterError(_stale(root, head, sources, composed, params))
    return Composed(head.sources if head else {}, tuple(_differing(composed, params)))


def find_edits(root: Path) -> tuple[str, ...]:
    """What composing anew would lose: keys of `params.yaml` that were edited by hand.

    Where its sources changed since, what was composed then is gone, and the keys cannot be told:
    the file itself is named.
    """
    if not (root / PARAMS).exists():
        return ()
    head, params = read_head(root / PARAMS), read(root / PARAMS)
    if head is not None and head.content == content_digest(params):
        return ()
    sources = read_sources(root / STUDY)
    keys = tuple(_differing(compose_sources(sources, root / STUDY), params))
    if head is not None and head.sources != sources.digests:
        return (f"{PARAMS}, as {STUDY} changed too",) if keys else ()
    return keys


def _stale(
    root: Path,
    head: Head,
    sources: Sources,
    composed: Mapping[str, Any],
    params: Mapping[str, Any],
) -> str:
    """Which source changed since, and what it moves."""
    changed = [n for n, digest in sources.digests.items() if head.sources.get(n) != digest]
    gone = [name for name in head.sources if name not in sources.digests]
    keys = list(_differing(composed, params))
    shown = ", ".join(keys[:6]) + (f" and {len(keys) - 6} more" if len(keys) > 6 else "")
    return (
        f"{root / PARAMS} was composed before {', '.join(changed or gone)} changed "
        f"({shown or 'its edits by hand'}); {REMEDY}"
    )


def _differing(composed: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[str]:
    """Dotted keys whose values differ, with defaults filled in where both are legal."""
    try:
        left = validate(composed).model_dump(mode="json")
        right = validate(params).model_dump(mode="json")
    except ParameterError:
        left, right = dict(composed), dict(params)
    yield from _paths(left, right, "")


def _paths(left: Any, right: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    """Dotted keys at which two values differ."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in {**left, **right}:
            at = f"{place}.{key}" if place else str(key)
            if key not in left or key not in right:
                yield at
            else:
                yield from _paths(left[key], right[key], at)
    elif left != right:
        yield place
