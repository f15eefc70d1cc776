"""Sections by name. Which of them a page shows, and in which order, `report.sections` says."""

from collections.abc import Iterable

from passk.core.registry import Registry
from passk.report.sections.section import Section

SECTIONS: Registry[Section] = Registry(
    "section",
    "passk.sections",
    {
        "pass_at_k": "passk.report.sections.pass_at_k:SECTION",
        "difference": "passk.report.sections.difference:SECTION",
        "histogram": "passk.report.sections.histogram:SECTION",
        "coverage": "passk.report.sections.coverage:SECTION",
        "greedy": "passk.report.sections.greedy:SECTION",
        "math": "passk.report.sections.math:SECTION",
        "code": "passk.report.sections.code:SECTION",
        "visual": "passk.report.sections.visual:SECTION",
        "algorithms": "passk.report.sections.algorithms:SECTION",
        "efficiency": "passk.report.sections.efficiency:SECTION",
        "steps": "passk.report.sections.steps:SECTION",
        "families": "passk.report.sections.families:SECTION",
        "distillation": "passk.report.sections.distillation:SECTION",
        "ablations": "passk.report.sections.ablations:SECTION",
        "decoding": "passk.report.sections.decoding:SECTION",
        "objectives": "passk.report.sections.objectives:SECTION",
        "seeds": "passk.report.sections.seeds:SECTION",
        "training": "passk.report.sections.training:SECTION",
        "cost": "passk.report.sections.cost:SECTION",
        "failures": "passk.report.sections.failures:SECTION",
        "examples": "passk.report.sections.examples:SECTION",
        "bounds": "passk.report.sections.bounds:SECTION",
        "parity": "passk.report.sections.parity:SECTION",
        "setup": "passk.report.sections.setup:SECTION",
        "experiments": "passk.report.sections.experiments:SECTION",
        "validation": "passk.report.sections.validation:SECTION",
        "reading": "passk.report.sections.reading:SECTION",
        "measures": "passk.report.sections.measures:SECTION",
        "exact": "passk.report.sections.exact:SECTION",
        "valid_chains": "passk.report.sections.valid_chains:SECTION",
        "perplexity": "passk.report.sections.perplexity:SECTION",
    },
)


def load_sections(names: Iterable[str]) -> dict[str, Section]:
    """The sections of a page by name, in its order.

    Raises:
        UnknownNameError: there is no section of a name.
    """
    return {name: SECTIONS[name] for name in names}
