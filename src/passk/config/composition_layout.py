"""All entries of a study laid out, and what follows from them: what `params.yaml` will hold."""

from collections.abc import Mapping
from typing import Any

from passk.config import composition_rules as rules
from passk.config.composition_entries import ComposedSection, expand, fill
from passk.config.composition_repeats import repeat
from passk.config.composition_sources import as_mapping
from passk.config.dotted_keys import find_value
from passk.config.study import Study
from passk.core.legal import suggest
from passk.core.yaml_files import ParameterError

# Sections of entries, in the order in which one may refer to another.
SECTIONS = (
    "worlds", "benchmarks", "imported", "sets", "pretrain", "fetch", "train",
    "rejection_sampling", "reference_answers", "sft", "draws", "scores", "expansions",
    "analysis.views", "analysis.comparisons", "examples", "headline",
)  # fmt: skip
_SETTINGS = ("sampling", "verification", "validation", "analysis", "report")
_GROUPS = "a mapping, GROUP: [COMPARISON, ...]"
_NOTES = {"labels": "a mapping, NAME: TEXT", "colours": 'a mapping, NAME: "#RRGGBB"'}
_OWN = ("values", "defaults", "repeats")  # keys of study.yaml that params.yaml has not


def lay_out(written: Mapping[str, Any]) -> dict[str, Any]:
    """All entries, and what follows from them."""
    known = [*Study.model_fields, *_OWN]
    for key in written:
        if key not in known:
            raise ParameterError(f"{key}: unknown key; {suggest(str(key), known)}")
    values = as_mapping("values", written.get("values"))
    defaults = _defaults(fill(written.get("defaults"), values))
    laid = {
        name: fill(written[name], values) if name in written else {}
        for name in Study.model_fields
        if name in written or name in _SETTINGS
    }
    sections: dict[str, ComposedSection] = {}
    for location in SECTIONS:
        sections[location] = expand(
            location,
            find_value(written, location),
            defaults.get(location, {}),
            values,
            dict(sections),
        )
        _follow(location, sections)
    repeat(sections, fill(written.get("repeats"), values))
    for location, section in sections.items():
        _put(laid, location, section.entries)
    _conclude(laid, sections)
    return laid


def _defaults(written: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401
    """Section -> keys of every entry that does not state them."""
    defaults = as_mapping("defaults", written, "a mapping, SECTION: {KEY: VALUE, ...}")
    for key in defaults:
        if key not in SECTIONS:
            raise ParameterError(
                f"defaults.{key}: no section of entries; {suggest(str(key), SECTIONS)}"
            )
    return {key: as_mapping(f"defaults.{key}", keys) for key, keys in defaults.items()}


def _follow(location: str, sections: Mapping[str, ComposedSection]) -> None:
    """What follows once a section is laid out."""
    if location == "sets":
        rules.follow_sets(sections)
    if location == "scores":
        rules.follow_scores(sections)
    if location == "expansions":
        rules.follow_expansions(sections)
    if location == "sft":
        rules.follow_arms(sections)
    if location == "draws":
        rules.follow_draws(sections)
    if location == "analysis.comparisons":
        rules.follow_comparisons(sections, sections[location])


def _conclude(laid: dict[str, Any], sections: Mapping[str, ComposedSection]) -> None:
    """Groups, labels and colours, which entries say and other sections hold."""
    analysis, report = laid.get("analysis"), laid.get("report")
    groups = rules.list_groups(sections["analysis.comparisons"])
    labels = rules.list_notes(sections, "label")
    colours = rules.list_notes(sections, "colour")
    if isinstance(analysis, dict):
        stated = as_mapping("analysis.groups", analysis.get("groups"), _GROUPS)
        for fault in rules.group_members(stated, groups):
            raise ParameterError(fault)
        analysis["groups"] = {**groups, **stated}
    if isinstance(report, dict):
        stated = {
            note: as_mapping(f"report.{note}", report.get(note), legal)
            for note, legal in _NOTES.items()
        }
        report["labels"] = rules.complete_labels({**labels, **stated["labels"]})
        report["colours"] = {**colours, **stated["colours"]}


def _put(values: dict[str, Any], location: str, entries: Mapping[str, Any]) -> None:
    """Set a dotted key."""
    *parents, last = location.split(".")
    node = values
    for part in parents:
        if not isinstance(node.setdefault(part, {}), dict):
            raise ParameterError(f"{part} = {node[part]!r}: legal: a mapping")
        node = node[part]
    node[last] = dict(entries)
