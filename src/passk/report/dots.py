"""Values as dots, one row per kind: what differs between rows, and what within one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from passk.report.axes import Frame, panel, round_ticks
from passk.report.gaps import INCH_PER_CHARACTER
from passk.report.svg import MUTED, style


@dataclass(frozen=True)
class Row:
    """One row of dots.

    Attributes:
        label: at its left.
        values: of the dots.
        colours: of each dot.
        mean: where a tick stands, or None.
    """

    label: str
    values: Sequence[float]
    colours: Sequence[str]
    mean: float | None = None


def dots(rows: Sequence[Row], frame: Frame, quantity: str) -> Figure:
    """Rows of dots over one horizontal axis, the first on top.

    Args:
        rows: what to draw.
        frame: the title, the width, the span of the horizontal axis.
        quantity: what the axis says.
    """
    longest = max(len(row.label) for row in rows)
    left = min(0.2 + INCH_PER_CHARACTER * longest, frame.size[0] / 2)
    height = 0.86 + 0.3 * len(rows)
    with style():
        figure, axes = panel(replace(frame, size=(frame.size[0], height)), (left, 0.15, 0.28, 0.48))
        for place, row in enumerate(rows):
            if row.mean is not None:
                axes.plot([row.mean], [place], marker="|", markersize=14, color=MUTED)
            for value, colour in zip(row.values, row.colours, strict=True):
                axes.plot([value], [place], marker="o", color=colour, linestyle="none")
        axes.set_yticks(range(len(rows)), [row.label for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        low, high = frame.span
        margin = 0.05 * (high - low) or 0.01
        axes.set_xlim(low - margin, high + margin)
        axes.xaxis.set_major_locator(round_ticks(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel(quantity)
    return figure
