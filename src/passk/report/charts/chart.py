"""What a chart is before and after it is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passk.report.charts.series_style import SeriesStyle
from passk.report.charts.svg import entry, entry_width, render, sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Chart:
    """A chart: its panels by name, what it shows, and the function that draws a panel.

    Attributes:
        name: of its file.
        panels: what is on each panel, by key.
        styles: what is drawn.
        draw: key of a panel -> figure.
        heading: over the chart, where its section has several.
        bars: whether the legend shows bars, not lines.
        legend: whether it needs one.
        open: whether it is shown unfolded though it is not the first of its section.
        section: where it stands; the page fills it in.
    """

    name: str
    panels: Mapping[str, str]
    styles: Mapping[str, SeriesStyle]
    draw: Callable[[str], "Figure"]
    heading: str = ""
    bars: bool = False
    legend: bool = True
    open: bool = False
    section: str = ""

    def render(self) -> "DrawnChart":
        """Draw every panel, once."""
        return DrawnChart(self, {key: render(self.draw(key)) for key in self.panels})


@dataclass(frozen=True)
class DrawnChart:
    """A chart that has been drawn: its panels as SVG documents, by key."""

    chart: Chart
    panels: Mapping[str, str]

    def document(self) -> str:
        """All panels and their legend as one SVG file."""
        styles = list(self.chart.styles.values()) if self.chart.legend else []
        entries = [entry(style, self.chart.bars) for style in styles]
        return sheet(list(self.panels.values()), entries, entry_width(styles))
