"""One plotting function per figure: result table in, one panel out.

Every panel is a figure of its own, so that panels stand below each other on a phone. The caller
gives the span of the vertical axis, so that panels can be compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from passk.report.charts.axes import (
    SIGNED,
    PanelFrame,
    draw_curve,
    find_span,
    format_percents,
    make_panel,
    make_rows_panel,
    scale_attempts,
    scale_vertical,
    select_names,
    select_rows,
)
from passk.report.charts.series_style import SeriesStyle
from passk.report.charts.svg import INK, figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ExactLine:
    """A line without an interval, over k on each set.

    Attributes:
        table: with columns `set`, `k`.
        column: that is drawn.
        style: its label and look.
    """

    table: pl.DataFrame
    column: str
    style: SeriesStyle

    def find_span(self, sets: Iterable[str], largest: int) -> tuple[float, float]:
        """Smallest and largest value on some sets, up to a k."""
        shown = self.table.filter(pl.col("set").is_in(list(sets)) & (pl.col("k") <= largest))
        return find_span(shown, self.column, self.column)


def draw_pass_at_k(
    table: pl.DataFrame,
    styles: Mapping[str, SeriesStyle],
    frame: PanelFrame,
    line: ExactLine | None = None,
) -> "Figure":
    """Pass@k against k on one set, with the band of the bootstrap interval.

    Args:
        table: result table `pass_at_k`.
        styles: draws to show.
        frame: the set, the title, the size, the span of the vertical axis.
        line: a line to hold the curves against.
    """
    table = select_names(table, "draw", styles)
    rows = select_rows(table, set=frame.name)
    with figure_style():
        figure, axes = make_panel(frame)
        for draw, style in styles.items():
            draw_curve(
                axes,
                select_rows(rows, draw=draw).sort("k"),
                "pass_at_k",
                style,
                band=len(styles) < 5,
            )
        if line is not None:
            exact = select_rows(line.table, set=frame.name).filter(pl.col("k") <= rows["k"].max())
            draw_curve(axes, exact.sort("k"), line.column, line.style, band=False)
        scale_attempts(axes, table["k"])
        axes.set_ylabel("pass@k")
        scale_vertical(axes, frame.span)
    return figure


def draw_difference(
    table: pl.DataFrame,
    crossings: pl.DataFrame | None,
    styles: Mapping[str, SeriesStyle],
    frame: PanelFrame,
) -> "Figure":
    """RL - base against k on one set; a vertical line where a comparison's curves cross.

    Args:
        table: result table `difference`.
        crossings: result table `crossover`, if there is one.
        styles: the style of each comparison to show.
        frame: the set, the title, the size, the span of the vertical axis.
    """
    table = select_names(table, "comparison", styles)
    rows = select_rows(table, set=frame.name)
    with figure_style():
        figure, axes = make_panel(frame, SIGNED)
        axes.axhline(0, color=INK, linewidth=0.9)
        for comparison, style in styles.items():
            draw_curve(
                axes, select_rows(rows, comparison=comparison).sort("k"), "difference", style
            )
            if crossings is not None:
                for k in select_rows(crossings, comparison=comparison, set=frame.name)[
                    "crossover_k"
                ].drop_nulls():
                    axes.axvline(k, color=style.colour, linewidth=1, linestyle=(0, (2, 2)))
        scale_attempts(axes, table["k"])
        axes.set_ylabel("difference in pass@k")
        scale_vertical(axes, frame.span, -1.0)
    return figure


def draw_histogram(
    table: pl.DataFrame, styles: Mapping[str, SeriesStyle], frame: PanelFrame
) -> "Figure":
    """Share of problems by accuracy c/n in the paper's twelve bins, on one set.

    Args:
        table: result table `histogram`.
        styles: draws to show.
        frame: the set, the title, the size, the span of the vertical axis.
    """
    rows = select_rows(select_names(table, "draw", styles), set=frame.name)
    labels = dict(table.select("bin", "label").unique().sort("bin").iter_rows())
    width = 0.84 / len(styles)
    with figure_style():
        figure, axes = make_panel(frame, (0.62, 0.1, 0.28, 0.78))
        for i, (draw, style) in enumerate(styles.items()):
            bars = select_rows(rows, draw=draw).sort("bin")
            positions = [bin_ - 0.42 + (i + 0.5) * width for bin_ in bars["bin"]]
            axes.bar(positions, bars["share"], width, color=style.colour, label=style.label)
        axes.set_xticks(list(labels), list(labels.values()), rotation=45, ha="right")
        axes.set_xlim(-0.6, max(labels) + 0.6)
        axes.tick_params(axis="x", labelsize=7.5, length=0)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel("accuracy of a problem, c/n")
        axes.set_ylabel("share of problems")
        axes.yaxis.set_major_formatter(format_percents())
        scale_vertical(axes, frame.span)
    return figure


def draw_failures(
    table: pl.DataFrame,
    styles: Mapping[str, SeriesStyle],
    frame: PanelFrame,
    reasons: Mapping[tuple[str, str], str],
) -> "Figure":
    """Samples that fail by reason, on one set, a bar per draw.

    Args:
        table: result table `failures`.
        styles: draws to show.
        frame: the set, the title, the width, the span of the horizontal axis.
        reasons: (verdict, reason) -> what its row is called, the first on top.
    """
    rows = select_rows(select_names(table, "draw", styles), set=frame.name)
    height = 0.76 / len(styles)
    with figure_style():
        figure, axes = make_rows_panel(list(reasons.values()), frame, "share of samples")
        for i, (draw, style) in enumerate(styles.items()):
            shares = {
                (r["verdict"], r["reason"]): r["share"]
                for r in select_rows(rows, draw=draw).to_dicts()
            }
            positions = [row - 0.38 + (i + 0.5) * height for row in range(len(reasons))]
            widths = [shares.get(reason, 0.0) for reason in reasons]
            axes.barh(positions, widths, height, color=style.colour, label=style.label)
        axes.set_xlim(0.0, frame.span[1] * 1.03)
        axes.xaxis.set_major_formatter(format_percents())
    return figure
