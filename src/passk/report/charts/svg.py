"""SVG of a figure: the same bytes for the same figure, readable on light and on dark ground.

Text stays text in a generic sans-serif font: it can be searched, and takes the page's font there.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING

from passk.report.charts.series_style import DASHES, SeriesStyle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#1b1f24"
MUTED = "#6b7280"
RULE = "#d5d9e0"
GROUND = "#ffffff"

# Markers of a legend's samples as paths around (17, 5), as matplotlib draws them.
_SHAPES = {
    "o": "M13.8 5a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0z",
    "s": "M14 2h6v6h-6z",
    "^": "M17 1.4l3.6 6.6h-7.2z",
    "D": "M17 1l4 4l-4 4l-4 -4z",
    "v": "M17 8.6l3.6 -6.6h-7.2z",
    "P": "M15.8 1.5h2.4v2.3h2.3v2.4h-2.3v2.3h-2.4v-2.3h-2.3v-2.4h2.3z",
}

_STYLE = {
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
    "lines.linewidth": 1.7,
    "lines.markersize": 4,
}


@contextmanager
def figure_style() -> Iterator[None]:
    """The style of all figures, whatever the machine's own matplotlibrc says."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)  # type: ignore[arg-type]
        yield


def render(figure: "Figure") -> str:
    """A figure as an SVG document, without date or program version."""
    stream = StringIO()
    with figure_style():
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return _shorten_ids("\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n")


def _shorten_ids(svg: str) -> str:
    """Without what no reader sees: digits past a hundredth of a point, names that nothing uses."""
    svg = re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), svg)
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', "", svg)
    return re.sub(r'<g id="[^"]*"', "<g", svg)


def join_panels(panels: Sequence[str], entries: Sequence[str], width: float) -> str:
    """Several documents of `render` as one, three to a row, below their legend.

    Args:
        panels: the documents.
        entries: legend entries, SVG groups at the origin; each takes `width` points.
        width: of an entry.
    """
    sizes = [_size(panel) for panel in panels]
    columns = min(3, len(panels))
    across, down = max(w for w, _ in sizes), max(h for _, h in sizes)
    per_row = max(1, int(across * columns // width))
    top = 6 + 16 * math.ceil(len(entries) / per_row)
    total = (across * columns, top + down * math.ceil(len(panels) / columns))
    body = [
        '<?xml version="1.0" encoding="utf-8" standalone="no"?>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{total[0]:g}pt" height="{total[1]:g}pt" viewBox="0 0 {total[0]:g} {total[1]:g}">',
        f'<rect width="100%" height="100%" fill="{GROUND}"/>',
    ]
    for i, entry in enumerate(entries):
        position = f"{10 + (i % per_row) * width:g} {12 + 16 * (i // per_row):g}"
        body.append(f'<g transform="translate({position})">{entry}</g>')
    for i, (panel, (w, h)) in enumerate(zip(panels, sizes, strict=True)):
        position = f'x="{(i % columns) * across:g}" y="{top + (i // columns) * down:g}"'
        opening = f'<svg {position} width="{w:g}" height="{h:g}" viewBox="0 0 {w:g} {h:g}"'
        body.append(_named(_bare(panel), f"panel-{i}").replace("<svg", opening, 1))
    return "\n".join([*body, "</svg>"]) + "\n"


def draw_sample(style: SeriesStyle, thick: bool, colour: str) -> str:
    """A piece of line with its marker (or a bar) for a legend, 34 by 10, as SVG."""
    dashes = DASHES[style.line]
    pattern = f' stroke-dasharray="{dashes}"' if dashes and not thick else ""
    line = (
        f'<line x1="1" x2="33" y1="5" y2="5" stroke="{colour}" '
        f'stroke-width="{9 if thick else 2.4}"{pattern}/>'
    )
    if thick or not style.marker:
        return line
    return f'{line}<path d="{_SHAPES[style.marker]}" fill="{colour}"/>'


def draw_entry(style: SeriesStyle, thick: bool) -> str:
    """A legend entry for `sheet`: a sample and its label."""
    font = "font-family: 'DejaVu Sans', 'Helvetica Neue', Arial, sans-serif; font-size: 9px"
    return (
        f'<g transform="translate(0 -5)">{draw_sample(style, thick, style.colour)}</g>'
        f'<text x="40" y="3" fill="{INK}" style="{font}">{_quoted(style.label)}</text>'
    )


def measure_entries(styles: Sequence[SeriesStyle]) -> float:
    """Points that each of several legend entries takes."""
    return 56 + 5.6 * max((len(style.label) for style in styles), default=0)


def _size(svg: str) -> tuple[float, float]:
    match = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)', svg)
    assert match is not None, "matplotlib writes a viewBox"
    return float(match[1]), float(match[2])


def _bare(svg: str) -> str:
    """The element alone, without a size of its own, metadata and namespaces."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"\s*<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    return re.sub(r"^<svg[^>]*>", "<svg>", body)


def _named(body: str, name: str) -> str:
    """An element whose ids begin with a name, so that figures of one page do not share ids."""
    body = re.sub(r'\bid="', f'id="{name}-', body.replace("xlink:href", "href"))
    return re.sub(r'(href="|url\()#', rf"\1#{name}-", body)


def inline(svg: str, name: str, description: str, colours: Mapping[str, str]) -> str:
    """An SVG element to stand in a page.

    Args:
        svg: a document of `render`.
        name: put before every id, so that figures of one page do not share ids.
        description: what the figure shows, for readers who do not see it.
        colours: colour in the figure -> CSS variable of the page that replaces it.
    """
    width, height = _size(svg)
    opening = (
        f'<svg role="img" aria-label="{_quoted(description)}" viewBox="0 0 {width:g} {height:g}" '
        f'style="max-width:{width * 4 / 3:.0f}px"'
    )
    body = _named(_bare(svg), name).replace("<svg", opening, 1)
    for colour, variable in colours.items():
        body = re.sub(rf"{colour}\b", f"var(--{variable})", body, flags=re.IGNORECASE)
    return body


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
