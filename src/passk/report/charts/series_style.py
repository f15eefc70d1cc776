"""How each draw styles: its label, its colour on light and on dark ground, its line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from passk.report.settings import ReportSettings

LINES = ("solid", "dashed", "dashdot", "dotted")  # told apart in print without colour
DASHES = {"solid": "", "dashed": "7 3", "dashdot": "7 3 2 3", "dotted": "2 3"}  # the same in SVG
MARKERS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True)
class SeriesStyle:
    """One draw's label and style, the same in every figure."""

    label: str
    colour: str
    line: str
    marker: str

    @property
    def dark(self) -> str:
        """The colour on dark ground: 40% of the way to white."""
        channels = (int(self.colour[i : i + 2], 16) for i in (1, 3, 5))
        return "#" + "".join(f"{round(c + 0.4 * (255 - c)):02x}" for c in channels)


def style_series(params: ReportSettings, models: Mapping[str, str]) -> dict[str, SeriesStyle]:
    """The style of each draw (or arm).

    Args:
        params: labels, colours and palette.
        models: draw -> model's name; a training arm is a model of its own.
    """
    free = [c for c in params.palette if c not in params.colours.values()] or params.palette
    styles: dict[str, SeriesStyle] = {}
    count = 0
    for i, (draw, model) in enumerate(models.items()):
        colour = find_first(params.colours, (draw, model))
        if colour is None:
            colour, count = free[count % len(free)], count + 1
        # Not by the arm: two draws of one arm (checkpoints, temperatures) must not share a label.
        label = find_first(params.labels, (draw, model)) or draw
        styles[draw] = SeriesStyle(
            label, colour.lower(), LINES[i % len(LINES)], MARKERS[i % len(MARKERS)]
        )
    return styles


def style_families(
    params: ReportSettings,
    comparisons: Mapping[str, tuple[str, str]],
    models: Mapping[str, str],
    styles: Mapping[str, SeriesStyle],
) -> dict[str, SeriesStyle]:
    """Styles of draws where every comparison is a family: one colour, the base dashed, RL solid.

    Args:
        params: colours and palette.
        comparisons: comparison -> its base draw and its RL draw.
        models: draw -> model's name.
        styles: the style of each draw elsewhere, for labels and for colours that are set.
    """
    free = [c for c in params.palette if c not in params.colours.values()] or list(params.palette)
    result: dict[str, SeriesStyle] = {}
    count = 0
    for i, (base, rl) in enumerate(comparisons.values()):
        colour = find_first(params.colours, (rl, models[rl]))
        if colour is None:
            colour, count = free[count % len(free)], count + 1
        marker = MARKERS[i % len(MARKERS)]
        for draw, line in ((base, "dashed"), (rl, "solid")):
            result[draw] = SeriesStyle(styles[draw].label, colour.lower(), line, marker)
    return result


def list_colours(params: ReportSettings) -> dict[str, str]:
    """Every colour that a line may have on light ground, and what it is on dark ground."""
    colours = [*params.colours.values(), *params.palette]
    return {colour.lower(): SeriesStyle("", colour.lower(), "", "").dark for colour in colours}


def find_first(table: Mapping[str, str], names: Iterable[str]) -> str | None:
    """The entry of the first name that has one."""
    return next((table[name] for name in names if name in table), None)
