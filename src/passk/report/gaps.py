"""Sampling efficiency gaps as points with their intervals, one row per pair."""

from collections.abc import Mapping

import polars as pl
from matplotlib.figure import Figure

from passk.report.axes import Frame, only, rows_panel
from passk.report.looks import Look
from passk.report.svg import MUTED, style


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
    rows = only(table, set=frame.name)
    with style():
        figure, axes = rows_panel([look.label for look in looks.values()], frame, "ΔSE")
        for place, (pair, look) in enumerate(looks.items()):
            for row in only(rows, pair=pair).iter_rows(named=True):
                axes.plot([row["low"], row["high"]], [place, place], color=look.colour)
                axes.plot([row["dse"]], [place], color=look.colour, marker=look.marker)
            if pair in published:
                axes.plot(
                    [published[pair]], [place], marker="D", markersize=6, color=MUTED,
                    markerfacecolor="none", linestyle="none",
                )  # fmt: skip
    return figure
