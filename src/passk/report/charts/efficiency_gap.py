"""Sampling efficiency gaps as points with their intervals, one row per comparison."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from passk.report.charts.axes import PanelFrame, rows_panel, select_rows
from passk.report.charts.series_style import SeriesStyle
from passk.report.charts.svg import MUTED, figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_efficiency(
    table: pl.DataFrame,
    styles: Mapping[str, SeriesStyle],
    frame: PanelFrame,
    published: Mapping[str, float],
) -> "Figure":
    """Gaps on one set, the first comparison on top.

    Args:
        table: result table `efficiency`.
        styles: the style of each comparison to show.
        frame: the set, the title, the width, the span of the horizontal axis.
        published: the paper's gap of a comparison on this set, as a hollow point.
    """
    rows = select_rows(table, set=frame.name)
    with figure_style():
        figure, axes = rows_panel([style.label for style in styles.values()], frame, "ΔSE")
        for place, (comparison, style) in enumerate(styles.items()):
            for row in select_rows(rows, comparison=comparison).iter_rows(named=True):
                axes.plot([row["low"], row["high"]], [place, place], color=style.colour)
                axes.plot([row["efficiency_gap"]], [place], color=style.colour, marker=style.marker)
            if comparison in published:
                axes.plot(
                    [published[comparison]], [place], marker="D", markersize=6, color=MUTED,
                    markerfacecolor="none", linestyle="none",
                )  # fmt: skip
    return figure
