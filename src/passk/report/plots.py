"""The figures of the page: which there are, what each shows, and how any panel of it is drawn."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl
from matplotlib.figure import Figure

from passk.models.naming import parse
from passk.params.analysis import Pair
from passk.params.report import Panel
from passk.report import axes, comparing, dots, figures, folded, gaps, progress, seeds
from passk.report import looks as styles
from passk.report.axes import Frame
from passk.report.looks import LINES, MARKERS, Look, paired
from passk.report.material import Material
from passk.report.svg import entry, entry_width, render, sheet

# Sections that compare pairs on plain axes, in the order of the page.
PLAIN: tuple[Panel, ...] = ("steps", "families", "distillation", "ablations", "objectives")
COMPARED: tuple[Panel, ...] = (
    "algorithms", "objectives", "ablations", "families", "distillation", "steps",
)  # fmt: skip
HEADINGS: Mapping[str, str] = {
    "algorithms": "Algorithms", "objectives": "Objectives", "ablations": "Ablations",
    "families": "Families", "distillation": "Distillation", "steps": "Steps",
}  # fmt: skip


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
    """

    name: str
    section: str
    panels: Mapping[str, str]
    looks: Mapping[str, Look]
    draw: Callable[[str], Figure]
    heading: str = ""
    bars: bool = False
    legend: bool = True

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


def plots(material: Material) -> dict[str, Plot]:
    """Every figure that has data, by name, in the order of the page."""
    return {plot.name: plot for plot in _all(material)}


def _all(material: Material) -> Iterator[Plot]:
    looks = {draw: material.looks[draw] for draw in material.curves}
    yield from _curves(material, "pass_at_k", looks, material.set_names)
    yield from _differences(material)
    yield from _histogram(material, looks)
    yield from _algorithms(material)
    yield from _efficiency(material)
    for name in PLAIN:
        pairs = material.panel(name)
        draws = material.drawn(pairs)
        selected = material.selection(draws)
        if name == "families":
            selected = _by_family(material, pairs, selected)
        yield from _curves(material, name, selected, material.panel_sets(name))
    yield from _seeds(material)
    yield from _training(material)


def _rows(
    material: Material, question: str, names: Mapping[str, object], wanted: Sequence[str]
) -> tuple[dict[str, str], pl.DataFrame]:
    """Sets for which a question has rows of the draws or pairs shown, and those rows."""
    if question not in material or not names:
        return {}, pl.DataFrame()
    table = material.results[question]
    rows = axes.shown(table, "pair" if "pair" in table.columns else "draw", names)
    present = set(rows["set"])
    sets = {name: material.label(name) for name in wanted if name in present}
    return sets, axes.shown(rows, "set", sets)


def _curves(
    material: Material, name: str, looks: Mapping[str, Look], wanted: Sequence[str]
) -> Iterator[Plot]:
    """Pass@k of several draws on plain axes, all panels of one span."""
    sets, table = _rows(material, "pass_at_k", looks, wanted)
    if not sets or table["k"].n_unique() < 2:
        return
    bands = ("low", "high") if len(looks) < 5 else ("pass_at_k", "pass_at_k")
    span = axes.span_of(table, *bands)
    yield Plot(
        name,
        name,
        sets,
        looks,
        lambda key: figures.pass_at_k(table, looks, Frame(key, sets[key], material.size, span)),
    )


def _differences(material: Material) -> Iterator[Plot]:
    looks = pair_looks(material, material.pairs, material.looks)
    sets, table = _rows(material, "difference", looks, material.set_names)
    if not sets or table["k"].n_unique() < 2:
        return
    span = axes.span_of(table)
    crossings = material.results.get("crossover")
    yield Plot(
        "difference",
        "difference",
        sets,
        looks,
        lambda key: figures.difference(
            table, crossings, looks, Frame(key, sets[key], material.size, span)
        ),
    )


def _histogram(material: Material, looks: Mapping[str, Look]) -> Iterator[Plot]:
    sets, table = _rows(material, "histogram", looks, material.set_names)
    if not sets:
        return
    span = (0.0, axes.span_of(table, "share", "share")[1])
    yield Plot(
        "histogram",
        "histogram",
        sets,
        looks,
        lambda key: figures.histogram(table, looks, Frame(key, sets[key], material.size, span)),
        bars=True,
    )


def _algorithms(material: Material) -> Iterator[Plot]:
    """The algorithms' curves on a folded axis."""
    pairs = material.panel("algorithms")
    looks = material.selection(material.drawn(pairs))
    bases = frozenset(pair.base for pair in pairs.values())
    sets, table = _rows(material, "pass_at_k", looks, material.panel_sets("algorithms"))
    if not sets or table["k"].n_unique() < 2:
        return
    yield Plot(
        "algorithms",
        "algorithms",
        sets,
        looks,
        lambda key: folded.pass_at_k(table, looks, Frame(key, sets[key], material.size), bases),
    )


def efficiency_pairs(material: Material) -> dict[str, Pair]:
    """Pairs whose sampling efficiency gap is shown: those of the algorithms, or the main ones."""
    return material.panel("algorithms") or material.pairs


def _efficiency(material: Material) -> Iterator[Plot]:
    pairs = efficiency_pairs(material)
    drawn = material.selection(material.drawn(pairs))
    looks = {
        name: replace(drawn[pair.rl], line="solid")
        for name, pair in pairs.items()
        if pair.rl in drawn
    }
    sets, table = _rows(material, "efficiency", looks, material.panel_sets("algorithms"))
    if not sets:
        return
    known = {key: comparing.published_gaps(material, pairs, key) for key in sets}
    told = [gap for found in known.values() for gap in found.values()]
    low, high = axes.span_of(table)
    span = (min([low, *told]), max([high, *told]))
    yield Plot(
        "efficiency",
        "efficiency",
        sets,
        looks,
        lambda key: gaps.efficiency(
            table, looks, Frame(key, sets[key], material.size, span), known[key]
        ),
        legend=False,
    )


def _seeds(material: Material) -> Iterator[Plot]:
    """Gaps of one algorithm over seeds, beside those of all algorithms."""
    rows = seeds.gaps(material)
    if not rows:
        return
    every = [value for found in rows.values() for row in found for value in row.values]
    span = (min(every), max(every))
    sets = {name: material.label(name) for name in rows}
    yield Plot(
        "seeds",
        "seeds",
        sets,
        {},
        lambda key: dots.dots(rows[key], Frame(key, sets[key], material.size, span), "ΔSE"),
        legend=False,
    )


def pair_looks(
    material: Material, pairs: Mapping[str, Pair], looks: Mapping[str, Look]
) -> dict[str, Look]:
    """A pair looks like its RL draw; a line of its own tells pairs of one RL draw apart."""
    return {
        name: replace(
            looks[pair.rl],
            label=material.pair_label(name),
            line=LINES[i % len(LINES)],
            marker=MARKERS[i % len(MARKERS)],
        )
        for i, (name, pair) in enumerate(pairs.items())
    }


def _by_family(
    material: Material, pairs: Mapping[str, Pair], looks: Mapping[str, Look]
) -> dict[str, Look]:
    """One colour per family; draws without a curve are left out."""
    models = {name: str(draw["model"]) for name, draw in material.draws.items()}
    whole = {
        name: (pair.base, pair.rl)
        for name, pair in pairs.items()
        if pair.base in looks and pair.rl in looks
    }
    return paired(material.params, whole, models, looks)


def _training(material: Material) -> Iterator[Plot]:
    """Training curves, a figure for each section that compares arms; then the arms of none.

    Fine-tuned arms have a figure of their own: they have no rollouts.
    """
    if "training" not in material:
        return
    log = material.results["training"]
    found = _arm_groups(material, set(log.drop_nulls("reward")["arm"]))
    for panel, arms in found.items():
        quantities = progress.present(log, arms)
        draw = partial(_quantity, log, arms, quantities, material.size)
        name = "training" if len(found) == 1 else f"training-{panel}"
        heading = HEADINGS.get(panel, "Other arms") if len(found) > 1 else ""
        yield Plot(name, "training", quantities, arms, draw, heading)
    if tuned := [arm for arm in material.sft if arm in set(log["arm"])]:
        arms = styles.looks(material.params, {arm: arm for arm in tuned})
        quantities = {name: title for name, (title, _) in progress.FINE_TUNING.items()}
        draw = partial(_quantity, log, arms, quantities, material.size)
        yield Plot("training-sft", "training", quantities, arms, draw, "Fine-tuning")


def _quantity(
    log: pl.DataFrame,
    arms: Mapping[str, Look],
    quantities: Mapping[str, str],
    size: axes.Size,
    key: str,
) -> Figure:
    return progress.training(log, arms, Frame(key, quantities[key], size))


def _arm_groups(material: Material, logged: set[str]) -> dict[str, dict[str, Look]]:
    """Arms by the section that compares them, each looking as its draw does there."""
    found: dict[str, dict[str, Look]] = {}
    for panel in COMPARED:
        draws = material.drawn(material.panel(panel))
        arms = {
            arm: replace(look, label=material.label(arm))
            for draw, look in material.selection(draws).items()
            if (arm := parse(str(material.draws[draw]["model"])).arm) in logged
        }
        # A group within another would show the same lines again.
        if arms and not any(set(arms) <= set(other) for other in found.values()):
            found[panel] = arms
    shown = {arm for arms in found.values() for arm in arms}
    if others := [arm for arm in material.train if arm in logged - shown]:
        found["other"] = styles.looks(material.params, {arm: arm for arm in others})
    return found
