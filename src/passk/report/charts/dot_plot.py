"""Values as dots, one row per kind: what differs between rows, and what within one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passk.report.charts.axes import PanelFrame, rows_panel
from passk.report.charts.svg import MUTED, figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class DotRow:
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


def draw_dots(rows: Sequence[DotRow], frame: PanelFrame, quantity: str) -> "Figure":
    """Rows of dots over one horizontal axis, the first on top.

    Args:
        rows: what to draw.
        frame: the title, the width, the span of the horizontal axis.
        quantity: what the axis says.
    """
    with figure_style():
        figure, axes = rows_panel([row.label for row in rows], frame, quantity, margin=0.05)
        for place, row in enumerate(rows):
            if row.mean is not None:
                axes.plot([row.mean], [place], marker="|", markersize=14, color=MUTED)
            for value, colour in zip(row.values, row.colours, strict=True):
                axes.plot([value], [place], marker="o", color=colour, linestyle="none")
    return figure
