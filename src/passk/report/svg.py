"""SVG of a figure: the same bytes for the same figure, readable on light and on dark ground.

Text stays text in a generic sans-serif font: it can be searched, and takes the page's font there.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

INK = "#1b1f24"
MUTED = "#6b7280"
RULE = "#d5d9e0"
GROUND = "#ffffff"

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "passk",  # ids are hashes of what they name, not random
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Helvetica Neue", "Arial", "sans-serif"],
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": GROUND,
    "figure.facecolor": GROUND,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 4,
}


@contextmanager
def style() -> Iterator[None]:
    """The style of all figures, whatever the machine's own matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)  # type: ignore[arg-type]
        yield


def render(figure: Figure) -> str:
    """A figure as an SVG document, without date or program version."""
    stream = StringIO()
    with style():
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def inline(svg: str, name: str, description: str, colours: Mapping[str, str]) -> str:
    """An SVG element to stand in a page.

    Args:
        svg: a document of `render`.
        name: put before every id, so that figures of one page do not share ids.
        description: what the figure shows, for readers who do not see it.
        colours: colour in the figure -> CSS variable of the page that replaces it.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"\s*<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    width = re.search(r'viewBox="0 0 ([\d.]+)', body)
    assert width is not None, "matplotlib writes a viewBox"
    opening = (
        f'<svg role="img" aria-label="{_quoted(description)}" '
        f'style="max-width:{float(width[1]) * 4 / 3:.0f}px"'
    )
    body = re.sub(r'^<svg([^>]*?) width="[^"]*"', r"<svg\1", body)
    body = re.sub(r'^<svg([^>]*?) height="[^"]*"', r"<svg\1", body)
    body = re.sub(r'^<svg([^>]*?) xmlns="[^"]*"', r"<svg\1", body)
    body = re.sub(r'^<svg([^>]*?) xmlns:xlink="[^"]*"', r"<svg\1", body)
    body = body.replace("xlink:href", "href").replace("<svg", opening, 1)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'(href="|url\()#', rf"\1#{name}-", body)
    for colour, variable in colours.items():
        body = re.sub(rf"{colour}\b", f"var(--{variable})", body, flags=re.IGNORECASE)
    return body


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
