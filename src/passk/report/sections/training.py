"""Training curves: which arms stand together, and how each quantity is drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from passk.models.naming import parse
from passk.report.charts import training_curves
from passk.report.charts.axes import PanelFrame, Size
from passk.report.charts.chart import Chart
from passk.report.charts.series_style import SeriesStyle, series_styles
from passk.report.context import ReportContext
from passk.report.sections.section import PaperFigure, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Panels whose arms stand together, those that take them first; any others follow.
_FIRST = (
    "algorithms", "objectives", "ablations", "families", "distillation", "steps", "code", "visual",
)  # fmt: skip
_OTHER = "other"


def _charts(context: ReportContext) -> Iterator[Chart]:
    """Training curves, a chart for each section that compares arms; then the arms of none.

    Fine-tuned arms have a chart of their own: they have no rollouts.
    """
    if "training" not in context:
        return
    log = context.results["training"]
    groups = _arm_groups(context, set(log.drop_nulls("reward")["arm"]))
    for panel, arms in groups.items():
        quantities = training_curves.list_quantities(log, arms)
        draw = partial(_quantity, log, arms, quantities, context.size)
        name = "training" if len(groups) == 1 else f"training-{panel}"
        yield Chart(name, quantities, arms, draw, _heading(panel) if len(groups) > 1 else "")
    if tuned := [arm for arm in context.sft if arm in set(log["arm"])]:
        arms = series_styles(context.params, {arm: arm for arm in tuned})
        quantities = {name: title for name, (title, _) in training_curves.FINE_TUNING.items()}
        draw = partial(_quantity, log, arms, quantities, context.size)
        yield Chart("training-sft", quantities, arms, draw, "Fine-tuning")


def _heading(panel: str) -> str:
    return "Other arms" if panel == _OTHER else panel.capitalize()


def _quantity(
    log: pl.DataFrame,
    arms: Mapping[str, SeriesStyle],
    quantities: Mapping[str, str],
    size: Size,
    key: str,
) -> "Figure":
    return training_curves.draw_quantity(log, arms, PanelFrame(key, quantities[key], size))


def _arm_groups(context: ReportContext, logged: set[str]) -> dict[str, dict[str, SeriesStyle]]:
    """Arms by the section that compares them, each in the style of its draw there."""
    groups: dict[str, dict[str, SeriesStyle]] = {}
    for panel in dict.fromkeys([*_FIRST, *context.params.panels]):
        draws = context.drawn(context.panel(panel))
        arms = {
            arm: replace(style, label=context.label(arm))
            for draw, style in context.styles_of(draws).items()
            if (arm := parse(context.draws[draw].model).arm) in logged
        }
        # A group within another would show the same lines again.
        if arms and not any(set(arms) <= set(other) for other in groups.values()):
            groups[panel] = arms
    grouped = {arm for arms in groups.values() for arm in arms}
    if others := [arm for arm in context.train if arm in logged - grouped]:
        groups[_OTHER] = series_styles(context.params, {arm: arm for arm in others})
    return groups


SECTION = Section(
    title="Training curves",
    caption=(
        "Quantities of the rollouts at each step: centred running means over "
        f"{training_curves.SMOOTH} steps, with the single steps behind them where arms are few. "
        "KL is shown at the steps at which it was measured; for DAPO over the groups that it "
        "kept, all else over all that it drew. Of fine-tuning: the loss on demonstrations."
    ),
    reads=("training", "pass_at_k"),
    paper=PaperFigure(
        where="Figure 18 (version 2)",
    ),
    charts=_charts,
)
