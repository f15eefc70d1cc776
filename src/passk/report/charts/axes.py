"""What the panels of all figures share: margins, scales, ticks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from passk.report.charts.series_style import SeriesStyle

if TYPE_CHECKING:  # loaded where a chart is drawn: checking parameters needs no matplotlib
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

Size = tuple[float, float]
# Inches at the left, right, top and bottom. Fixed, because a layout engine draws every panel twice.
MARGINS = (0.62, 0.1, 0.28, 0.48)
SIGNED = (0.74, 0.1, 0.28, 0.48)  # room for a sign before the numbers of the vertical axis


@dataclass(frozen=True)
class PanelFrame:
    """What is around the data of a panel.

    Attributes:
        name: the set (or quantity) shown.
        title: of the panel.
        size: width and height in inches.
        span: of the axis that panels share.
    """

    name: str
    title: str
    size: Size
    span: tuple[float, float] = (0.0, 1.0)


def panel(
    frame: PanelFrame, margins: tuple[float, float, float, float] = MARGINS
) -> "tuple[Figure, Axes]":
    """A figure of one panel with its title."""
    from matplotlib.figure import Figure

    left, right, top, bottom = margins
    size = frame.size
    figure = Figure(figsize=size)
    box = (
        left / size[0],
        bottom / size[1],
        (size[0] - left - right) / size[0],
        (size[1] - top - bottom) / size[1],
    )
    axes = figure.add_axes(box)
    axes.set_title(_short(frame.title, size[0]))
    return figure, axes


def rows_panel(
    labels: Sequence[str], frame: PanelFrame, quantity: str, margin: float = 0.03
) -> "tuple[Figure, Axes]":
    """A panel with one labelled row per thing over a horizontal axis, the first on top.

    Args:
        labels: of the rows; row i stands at height i.
        frame: the title, the width, the span of the horizontal axis.
        quantity: what the horizontal axis says.
        margin: share of the span left free at both its ends.
    """
    from matplotlib.ticker import FuncFormatter

    longest = max(map(len, labels))
    left = min(0.2 + 0.075 * longest, frame.size[0] / 2)  # inches a character
    height = 0.86 + 0.3 * len(labels)
    figure, axes = panel(replace(frame, size=(frame.size[0], height)), (left, 0.15, 0.28, 0.48))
    axes.set_yticks(range(len(labels)), list(labels))
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    low, high = frame.span
    free = margin * (high - low) or 0.01
    axes.set_xlim(low - free, high + free)
    axes.xaxis.set_major_locator(round_ticks(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel(quantity)
    return figure, axes


def _short(label: str, width: float) -> str:
    """A title that fits its panel: about nine characters to the inch."""
    most = int(width * 9)
    return label if len(label) <= most else label[: most - 1] + "…"


def curve(
    axes: "Axes", rows: pl.DataFrame, column: str, style: SeriesStyle, *, band: bool = True
) -> None:
    """A line over k, with its interval's band."""
    if rows.is_empty():
        return
    if band:
        axes.fill_between(
            rows["k"], rows["low"], rows["high"], color=style.colour, alpha=0.16, linewidth=0
        )
    axes.plot(
        rows["k"], rows[column], color=style.colour, linestyle=style.line, marker=style.marker,
        label=style.label,
    )  # fmt: skip


def attempts(axes: "Axes", k: pl.Series) -> None:
    """A logarithmic axis of attempts, with powers of two as whole numbers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = min(k.to_list()), max(k.to_list())
    axes.set_xscale("log", base=2)
    first, last = math.floor(math.log2(low)), math.ceil(math.log2(high))
    every = max(1, math.ceil((last - first) / 8))
    axes.xaxis.set_major_locator(FixedLocator([2**p for p in range(first, last + 1, every)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.set_xlim(low / 2**0.25, max(high, low * 1.5) * 2**0.25)
    axes.set_xlabel("k, attempts per problem")


def vertical(axes: "Axes", span: tuple[float, float], lowest: float = 0.0) -> None:
    """A vertical axis rounded outward to tenths where the span is wide."""
    low, high = span
    step = 0.1 if high - low > 0.2 else 0.02
    bottom = max(lowest, math.floor(low / step + 1e-9) * step)
    top = min(1.0, math.ceil(high / step - 1e-9) * step)
    margin = 0.02 * (top - bottom)
    axes.set_ylim(bottom - (margin if bottom > lowest or lowest < 0 else 0), top + margin)
    axes.yaxis.set_major_locator(round_ticks())


def round_ticks(most: int = 6) -> "MaxNLocator":
    """At most so many steps of 1, 2, 2.5 or 5 times a power of ten."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, steps=[1, 2, 2.5, 5, 10])


def whole_percents() -> "PercentFormatter":
    """Shares as whole per cents."""
    from matplotlib.ticker import PercentFormatter

    return PercentFormatter(1, decimals=0)


def span_of(table: pl.DataFrame, low: str = "low", high: str = "high") -> tuple[float, float]:
    """Smallest value of one column and largest of another."""
    return min(table[low].to_list()), max(table[high].to_list())


def select_rows(table: pl.DataFrame, **key: object) -> pl.DataFrame:
    """Rows with the given values."""
    return table.filter(*(pl.col(name) == value for name, value in key.items()))


def select_names(table: pl.DataFrame, column: str, names: Mapping[str, object]) -> pl.DataFrame:
    """Rows of the names given."""
    return table.filter(pl.col(column).is_in(list(names)))
