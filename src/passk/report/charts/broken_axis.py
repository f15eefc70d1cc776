"""Pass@k of models that differ little, on a broken axis.

As in the paper's algorithm study, two ranges of pass@k are stretched, that of the trained models at
the smallest k and that of all models at the largest, and what lies between them is compressed.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from passk.report.charts.axes import (
    PanelFrame,
    draw_curve,
    locate_round_ticks,
    make_panel,
    scale_attempts,
    scale_vertical,
    select_names,
    select_rows,
)
from passk.report.charts.series_style import SeriesStyle
from passk.report.charts.svg import RULE, figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STRETCHED = 0.72  # share of the axis for the stretched ranges
PADDING = 0.25  # of a range, at both of its ends
NARROWEST = 0.02  # a range is at least as wide, so that noise is not blown up

Range = tuple[float, float]


def draw_pass_at_k(
    table: pl.DataFrame,
    styles: Mapping[str, SeriesStyle],
    frame: PanelFrame,
    bases: frozenset[str],
) -> "Figure":
    """Pass@k against k on one set, axis broken; no bands, which would cover one another.

    Args:
        table: result table `pass_at_k`.
        styles: draws to show.
        frame: the set, the title, the size; every panel has its own axis.
        bases: the draws that the others are compared with.
    """
    rows = select_rows(select_names(table, "draw", styles), set=frame.name)
    with figure_style():
        figure, axes = make_panel(frame)
        _break_axis(axes, rows, bases)
        for draw, style in styles.items():
            draw_curve(axes, select_rows(rows, draw=draw).sort("k"), "pass_at_k", style, band=False)
        scale_attempts(axes, rows["k"])
    return figure


def _break_axis(axes: "Axes", rows: pl.DataFrame, bases: frozenset[str]) -> None:
    """A vertical axis that stretches both ends of the curves; a plain one where these meet."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    k, draws = rows["k"], rows["draw"].is_in(list(bases))
    first = rows.filter((k == k.min()) & ~draws)["pass_at_k"].to_list()
    last = rows.filter(k == k.max())["pass_at_k"].to_list()
    low, high = min(rows["pass_at_k"].to_list()), max(rows["pass_at_k"].to_list())
    stretched = find_ranges(first, last)
    if len(stretched) == 1:
        scale_vertical(axes, (low, high))
        axes.set_ylabel("pass@k")
        return
    values, positions = scale_ranges(
        (min(low, stretched[0][0]), max(high, stretched[-1][1])), stretched
    )
    axes.set_yscale(
        "function",
        functions=(
            lambda y: np.interp(y, values, positions),
            lambda y: np.interp(y, positions, values),
        ),
    )
    axes.set_ylim(values[0], values[-1])
    ticks = [
        float(tick)
        for start, end in stretched
        for tick in locate_round_ticks(4).tick_values(start, end)
        if start <= tick <= end
    ]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    for start, end in stretched:
        axes.axhspan(start, end, color=RULE, alpha=0.3, linewidth=0)
    axes.set_ylabel("pass@k, broken axis")


def find_ranges(first: Sequence[float], last: Sequence[float]) -> list[Range]:
    """The ranges to stretch, ascending; one where they meet.

    Example:
        >>> [tuple(round(end, 2) for end in ends) for ends in find_ranges([0.3, 0.4], [0.8, 0.9])]
        [(0.27, 0.42), (0.78, 0.93)]
        >>> len(find_ranges([0.3, 0.7], [0.6, 0.9]))
        1
    """
    padded = sorted(_pad(values) for values in (first, last) if values)
    if len(padded) == 2 and padded[0][1] >= padded[1][0]:
        return [(padded[0][0], max(padded[0][1], padded[1][1]))]
    return padded


def _pad(values: Sequence[float]) -> Range:
    low, high = min(values), max(values)
    width = max(high - low, NARROWEST)
    middle = (low + high) / 2
    half = width * (0.5 + PADDING)
    # On steps of half a point, so that a tick can stand at the end.
    low, high = math.floor((middle - half) * 200) / 200, math.ceil((middle + half) * 200) / 200
    return max(0.0, low), min(1.0, high)


def scale_ranges(span: Range, stretched: Sequence[Range]) -> tuple[list[float], list[float]]:
    """Values and their places on the axis, piecewise linear, places from 0 to 1.

    Example:
        >>> values, positions = scale_ranges((0.0, 1.0), [(0.2, 0.3), (0.8, 0.9)])
        >>> values, [round(position, 2) for position in positions]
        ([0.0, 0.2, 0.3, 0.8, 0.9, 1.0], [0.0, 0.07, 0.43, 0.6, 0.96, 1.0])
    """
    values = sorted({span[0], span[1], *(end for ends in stretched for end in ends)})
    inside = sum(end - start for start, end in stretched)
    outside = max(span[1] - span[0] - inside, 0.0)
    share = STRETCHED if outside > 0 else 1.0
    positions = [0.0]
    for start, end in pairwise(values):
        width = (1 - share) * (end - start) / outside if outside > 0 else 0.0
        if any(low <= start and end <= high for low, high in stretched):
            width = share / len(stretched)
        positions.append(positions[-1] + width)
    return values, [position / positions[-1] for position in positions]
