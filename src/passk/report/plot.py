"""What a figure is before and after it is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from passk.report.looks import Look
from passk.report.svg import entry, entry_width, render, sheet


@dataclass(frozen=True)
class Plot:
    """A figure: its panels by name, what it shows, and the function that draws a panel.

    Attributes:
        name: of its file.
        section: where it stands.
        panels: what is on each panel, by key.
        looks: what is drawn.
        draw: key of a panel -> figure.
        heading: over the figure, where its section has several.
        bars: whether the legend shows bars, not lines.
        legend: whether it needs one.
        open: whether it is shown unfolded though it is not the first of its section.
    """

    name: str
    section: str
    panels: Mapping[str, str]
    looks: Mapping[str, Look]
    draw: Callable[[str], Figure]
    heading: str = ""
    bars: bool = False
    legend: bool = True
    open: bool = False

    def render(self) -> "Drawing":
        """Draw every panel, once."""
        return Drawing(self, {key: render(self.draw(key)) for key in self.panels})


@dataclass(frozen=True)
class Drawing:
    """A figure that has been drawn."""

    plot: Plot
    panels: Mapping[str, str]

    def document(self) -> str:
        """All panels and their legend as one SVG file."""
        looks = list(self.plot.looks.values()) if self.plot.legend else []
        entries = [entry(look, self.plot.bars) for look in looks]
        return sheet(list(self.panels.values()), entries, entry_width(looks))
