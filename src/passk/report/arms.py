"""Training curves of the page: which arms stand together, and how each quantity is drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import polars as pl
from matplotlib.figure import Figure

from passk.models.naming import parse
from passk.report import looks as styles
from passk.report import progress
from passk.report.axes import Frame, Size
from passk.report.looks import Look
from passk.report.material import Material
from passk.report.plot import Plot
from passk.report.settings import Panel

# Sections whose arms stand together, those that take them first.
COMPARED: tuple[Panel, ...] = (
    "algorithms", "objectives", "ablations", "families", "distillation", "steps", "code", "visual",
)  # fmt: skip
HEADINGS: Mapping[str, str] = {name: name.capitalize() for name in COMPARED}


def plots(material: Material) -> Iterator[Plot]:
    """Training curves, a figure for each section that compares arms; then the arms of none.

    Fine-tuned arms have a figure of their own: they have no rollouts.
    """
    if "training" not in material:
        return
    log = material.results["training"]
    found = _arm_groups(material, set(log.drop_nulls("reward")["arm"]))
    for panel, arms in found.items():
        quantities = progress.present(log, arms)
        draw = partial(_quantity, log, arms, quantities, material.size)
        name = "training" if len(found) == 1 else f"training-{panel}"
        heading = HEADINGS.get(panel, "Other arms") if len(found) > 1 else ""
        yield Plot(name, "training", quantities, arms, draw, heading)
    if tuned := [arm for arm in material.sft if arm in set(log["arm"])]:
        arms = styles.looks(material.params, {arm: arm for arm in tuned})
        quantities = {name: title for name, (title, _) in progress.FINE_TUNING.items()}
        draw = partial(_quantity, log, arms, quantities, material.size)
        yield Plot("training-sft", "training", quantities, arms, draw, "Fine-tuning")


def _quantity(
    log: pl.DataFrame,
    arms: Mapping[str, Look],
    quantities: Mapping[str, str],
    size: Size,
    key: str,
) -> Figure:
    return progress.training(log, arms, Frame(key, quantities[key], size))


def _arm_groups(material: Material, logged: set[str]) -> dict[str, dict[str, Look]]:
    """Arms by the section that compares them, each looking as its draw does there."""
    found: dict[str, dict[str, Look]] = {}
    for panel in COMPARED:
        draws = material.drawn(material.panel(panel))
        arms = {
            arm: replace(look, label=material.label(arm))
            for draw, look in material.selection(draws).items()
            if (arm := parse(str(material.draws[draw]["model"])).arm) in logged
        }
        # A group within another would show the same lines again.
        if arms and not any(set(arms) <= set(other) for other in found.values()):
            found[panel] = arms
    shown = {arm for arms in found.values() for arm in arms}
    if others := [arm for arm in material.train if arm in logged - shown]:
        found["other"] = styles.looks(material.params, {arm: arm for arm in others})
    return found
