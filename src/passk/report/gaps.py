"""Sampling efficiency gaps as points with their intervals, one row per pair."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from passk.report.axes import Frame, only, panel, round_ticks
from passk.report.looks import Look
from passk.report.svg import MUTED, style

INCH_PER_CHARACTER = 0.075


def efficiency(
    table: pl.DataFrame,
    looks: Mapping[str, Look],
    frame: Frame,
    published: Mapping[str, float],
) -> Figure:
    """Gaps on one set, the first pair on top.

    Args:
        table: result table `efficiency`.
        looks: the look of each pair to show.
        frame: the set, the title, the width, the span of the horizontal axis.
        published: the paper's gap of a pair on this set, as a hollow point.
    """
    longest = max(len(look.label) for look in looks.values())
    left = min(0.2 + INCH_PER_CHARACTER * longest, frame.size[0] / 2)
    height = 0.86 + 0.3 * len(looks)
    rows = only(table, set=frame.name)
    with style():
        figure, axes = panel(replace(frame, size=(frame.size[0], height)), (left, 0.15, 0.28, 0.48))
        for place, (pair, look) in enumerate(looks.items()):
            for row in only(rows, pair=pair).iter_rows(named=True):
                axes.plot([row["low"], row["high"]], [place, place], color=look.colour)
                axes.plot([row["dse"]], [place], color=look.colour, marker=look.marker)
            if pair in published:
                axes.plot(
                    [published[pair]], [place], marker="D", markersize=6, color=MUTED,
                    markerfacecolor="none", linestyle="none",
                )  # fmt: skip
        axes.set_yticks(range(len(looks)), [look.label for look in looks.values()])
        axes.set_ylim(len(looks) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        low, high = frame.span
        margin = 0.03 * (high - low)
        axes.set_xlim(low - margin, high + margin)
        axes.xaxis.set_major_locator(round_ticks(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel("ΔSE")
    return figure
