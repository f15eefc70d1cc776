"""Training curves: one quantity of several arms by step."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from passk.report.charts.axes import PanelFrame, panel, round_ticks, select_rows
from passk.report.charts.series_style import SeriesStyle
from passk.report.charts.svg import figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMOOTH = 9  # steps of the running mean
FEW = 3  # with more arms the single steps would hide the means
# Quantity -> title of its panel, what its vertical axis says.
QUANTITIES = {
    "reward": ("Reward", "mean reward"),
    "length": ("Response length", "tokens"),
    "entropy": ("Token entropy", "nats"),
    "kl": ("KL to the start model", "nats per token"),
    "critic_loss": ("Critic loss", "half squared error, clipped"),
    "explained_variance": ("Critic: explained variance", "share"),
}
FINE_TUNING = {"loss": ("Loss on demonstrations", "nats per token")}


def list_quantities(table: pl.DataFrame, arms: Mapping[str, SeriesStyle]) -> dict[str, str]:
    """Quantities that at least one of the arms logged, with their titles."""
    rows = table.filter(pl.col("arm").is_in(list(arms)))
    return {
        name: title
        for name, (title, _) in QUANTITIES.items()
        if rows[name].null_count() < len(rows)
    }


def draw_quantity(
    table: pl.DataFrame, styles: Mapping[str, SeriesStyle], frame: PanelFrame
) -> "Figure":
    """One quantity by training step: running means, and single steps where arms are few.

    Args:
        table: result table `training`.
        styles: arms to show.
        frame: the column, the title, the size.
    """
    from matplotlib.ticker import MaxNLocator

    name = frame.name
    with figure_style():
        figure, axes = panel(frame)
        for arm, style in styles.items():
            rows = select_rows(table, arm=arm).sort("step").drop_nulls(name)
            if rows.is_empty():
                continue
            # A quantity measured every so many steps is shown as measured.
            sparse = len(rows) < 2 * SMOOTH
            smooth = rows[name].rolling_mean(1 if sparse else SMOOTH, min_samples=1, center=True)
            if len(styles) <= FEW and not sparse:
                axes.plot(rows["step"], rows[name], color=style.colour, linewidth=0.7, alpha=0.35)
            axes.plot(
                rows["step"], smooth, color=style.colour, linestyle=style.line, label=style.label,
                marker=style.marker, markevery=max(1, len(rows) // 6),
            )  # fmt: skip
        axes.set_xlabel("training step")
        axes.set_ylabel((QUANTITIES | FINE_TUNING)[name][1])
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_locator(round_ticks())
    return figure
