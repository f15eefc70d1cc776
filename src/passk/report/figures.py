"""One plotting function per figure: result table in, matplotlib figure out.

Every function draws one panel per set (or quantity) side by side; the page calls it with a single
one, so that panels stand below each other on a phone. Axes span all rows of the table, also those
of sets that are not drawn, so that such panels can be compared.
"""

import math
from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    MaxNLocator,
    NullLocator,
    PercentFormatter,
)

from passk.report.looks import Look
from passk.report.svg import INK, style

Size = tuple[float, float]
Named = Mapping[str, str]  # name -> label, in the order of the panels

SMOOTH = 9  # steps of the running mean in training curves
QUANTITIES = {"reward": "reward", "length": "tokens", "entropy": "nats"}


def pass_at_k(
    table: pl.DataFrame,
    looks: Mapping[str, Look],
    sets: Named,
    size: Size,
    *,
    legend: bool = True,
    span: tuple[float, float] | None = None,
) -> Figure:
    """Pass@k against k, a panel per set, with the band of the bootstrap interval.

    Args:
        table: result table `pass_at_k`.
        looks: draws to show, in the order of the legend.
        sets: sets to show.
        size: width and height of a panel in inches.
        legend: whether the figure names its draws itself.
        span: of the vertical axis; without it that of the table.
    """
    table = table.filter(pl.col("draw").is_in(list(looks)))
    with style():
        figure, panels = _panels(sets, size)
        for name, axes in panels.items():
            for draw, look in looks.items():
                rows = table.filter(pl.col("draw") == draw, pl.col("set") == name).sort("k")
                _curve(axes, rows, "pass_at_k", look)
            _attempts(axes, table["k"])
            axes.set_ylabel("pass@k")
        _shared_limits(panels, span or _range(table, "low", "high"))
        if legend:
            _legend(figure, panels)
    return figure


def difference(
    table: pl.DataFrame,
    crossings: pl.DataFrame | None,
    looks: Mapping[str, Look],
    sets: Named,
    size: Size,
    *,
    legend: bool = True,
) -> Figure:
    """RL - base against k, a panel per set; a vertical line where a pair's curves cross.

    Args:
        table: result table `difference`.
        crossings: result table `crossover`, if there is one.
        looks: the look of each pair to show.
        sets: sets to show.
        size: width and height of a panel in inches.
        legend: whether the figure names its pairs itself.
    """
    table = table.filter(pl.col("pair").is_in(list(looks)))
    with style():
        figure, panels = _panels(sets, size)
        for name, axes in panels.items():
            axes.axhline(0, color=INK, linewidth=0.9)
            for pair, look in looks.items():
                rows = table.filter(pl.col("pair") == pair, pl.col("set") == name).sort("k")
                _curve(axes, rows, "difference", look)
                for k in _crossover(crossings, pair, name):
                    axes.axvline(k, color=look.colour, linewidth=1, linestyle=(0, (2, 2)))
            _attempts(axes, table["k"])
            axes.set_ylabel("difference in pass@k")
        _shared_limits(panels, _range(table, "low", "high"), -1.0)
        if legend:
            _legend(figure, panels)
    return figure


def histogram(
    table: pl.DataFrame, looks: Mapping[str, Look], sets: Named, size: Size, *, legend: bool = True
) -> Figure:
    """Share of problems by accuracy c/n in the paper's twelve bins, a panel per set.

    Args:
        table: result table `histogram`.
        looks: draws to show.
        sets: sets to show.
        size: width and height of a panel in inches.
        legend: whether the figure names its draws itself.
    """
    table = table.filter(pl.col("draw").is_in(list(looks)))
    labels = dict(table.select("bin", "label").unique().sort("bin").iter_rows())
    width = 0.84 / len(looks)
    with style():
        figure, panels = _panels(sets, size)
        for name, axes in panels.items():
            for i, (draw, look) in enumerate(looks.items()):
                rows = table.filter(pl.col("draw") == draw, pl.col("set") == name).sort("bin")
                places = [bin_ - 0.42 + (i + 0.5) * width for bin_ in rows["bin"]]
                axes.bar(places, rows["share"], width, color=look.colour, label=look.label)
            axes.set_xticks(list(labels), list(labels.values()), rotation=45, ha="right")
            axes.set_xlim(-0.6, max(labels) + 0.6)
            axes.tick_params(axis="x", labelsize=7.5, length=0)
            axes.grid(visible=False, axis="x")
            axes.set_xlabel("accuracy of a problem, c/n")
            axes.set_ylabel("share of problems")
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        _shared_limits(panels, (0.0, _range(table, "share", "share")[1]))
        if legend:
            _legend(figure, panels)
    return figure


def training(
    table: pl.DataFrame,
    looks: Mapping[str, Look],
    quantities: Named,
    size: Size,
    *,
    legend: bool = True,
) -> Figure:
    """Reward, response length and entropy by training step, a panel each.

    Args:
        table: result table `training`.
        looks: arms to show.
        quantities: columns to show and their titles.
        size: width and height of a panel in inches.
        legend: whether the figure names its arms itself.
    """
    with style():
        figure, panels = _panels(quantities, size)
        for name, axes in panels.items():
            for arm, look in looks.items():
                rows = table.filter(pl.col("arm") == arm).sort("step")
                smooth = rows[name].rolling_mean(SMOOTH, min_samples=1, center=True)
                axes.plot(rows["step"], rows[name], color=look.colour, linewidth=0.7, alpha=0.35)
                axes.plot(
                    rows["step"], smooth, color=look.colour, linestyle=look.line, label=look.label
                )
            axes.set_xlabel("training step")
            axes.set_ylabel(QUANTITIES[name])
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.yaxis.set_major_locator(_round_ticks())
        if legend:
            _legend(figure, panels)
    return figure


def _panels(names: Named, size: Size) -> tuple[Figure, dict[str, Axes]]:
    """A row of panels, each with its title."""
    figure = Figure(figsize=(size[0] * len(names), size[1]), layout="constrained")
    axes = figure.subplots(1, len(names), squeeze=False)[0]
    for panel, label in zip(axes, names.values(), strict=True):
        panel.set_title(_short(label, size[0]))
    return figure, dict(zip(names, axes, strict=True))


def _short(label: str, width: float) -> str:
    """A title that fits its panel: about nine characters to the inch."""
    most = int(width * 9)
    return label if len(label) <= most else label[: most - 1] + "…"


def _curve(axes: Axes, rows: pl.DataFrame, column: str, look: Look) -> None:
    """A line with its interval's band."""
    if rows.is_empty():
        return
    axes.fill_between(
        rows["k"], rows["low"], rows["high"], color=look.colour, alpha=0.18, linewidth=0
    )
    axes.plot(
        rows["k"], rows[column], color=look.colour, linestyle=look.line, marker=look.marker,
        label=look.label,
    )  # fmt: skip


def _attempts(axes: Axes, k: pl.Series) -> None:
    """A logarithmic axis of attempts, with powers of two as whole numbers."""
    low, high = min(k.to_list()), max(k.to_list())
    axes.set_xscale("log", base=2)
    first, last = math.floor(math.log2(low)), math.ceil(math.log2(high))
    every = max(1, math.ceil((last - first) / 8))
    axes.xaxis.set_major_locator(FixedLocator([2**p for p in range(first, last + 1, every)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.set_xlim(low / 2**0.25, max(high, low * 1.5) * 2**0.25)
    axes.set_xlabel("k, attempts per problem")


def _shared_limits(
    panels: Mapping[str, Axes], span: tuple[float, float], lowest: float = 0.0
) -> None:
    """One vertical axis for all panels, rounded outward to tenths where the span is wide."""
    low, high = span
    step = 0.1 if high - low > 0.2 else 0.02
    bottom = max(lowest, math.floor(low / step + 1e-9) * step)
    top = min(1.0, math.ceil(high / step - 1e-9) * step)
    margin = 0.02 * (top - bottom)
    for axes in panels.values():
        axes.set_ylim(bottom - (margin if bottom > lowest or lowest < 0 else 0), top + margin)
        axes.yaxis.set_major_locator(_round_ticks())


def _round_ticks() -> MaxNLocator:
    """At most six steps of 1, 2, 2.5 or 5 times a power of ten."""
    return MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])


def _range(table: pl.DataFrame, low: str, high: str) -> tuple[float, float]:
    """Smallest value of one column and largest of another."""
    return min(table[low].to_list()), max(table[high].to_list())


def _crossover(table: pl.DataFrame | None, pair: str, name: str) -> Sequence[float]:
    """Where a pair's curves cross on a set, if they do."""
    if table is None:
        return []
    rows = table.filter(pl.col("pair") == pair, pl.col("set") == name)
    return rows["crossover_k"].drop_nulls().to_list()


def _legend(figure: Figure, panels: Mapping[str, Axes]) -> None:
    """One legend above all panels, where it covers no data."""
    found: dict[str, Artist] = {}
    for axes in panels.values():
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    width = figure.get_figwidth() * 9  # characters
    longest = max((len(label) for label in found), default=1) + 6
    figure.legend(
        list(found.values()), list(found), loc="outside upper left", labelcolor=INK,
        ncols=max(1, min(len(found), int(width // longest))),
    )  # fmt: skip
