"""The sections of the page, in order; what has no data has no section."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.figure import Figure

from passk.params.reading import read
from passk.report import figures, tables
from passk.report.looks import LINES, MARKERS, Look
from passk.report.material import Material
from passk.report.svg import GROUND, INK, MUTED, RULE, inline, render
from passk.report.tables import View

HERE = Path(__file__).parent
QUANTITIES = {"reward": "Reward", "length": "Response length", "entropy": "Token entropy"}


@dataclass(frozen=True)
class Plot:
    """A figure: its panels by name, what it shows, and the function that draws any of them."""

    panels: Mapping[str, str]
    looks: Mapping[str, Look]
    draw: Callable[[Mapping[str, str], bool], Figure]


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Attributes:
        name: anchor, and key of its caption.
        title, caption: as in `captions.yaml`, filled in.
        where, numbers: the paper's figure or table and what it reports; empty if it has none.
        legend: what is drawn.
        panels: SVG elements.
        tables: tables below the figure.
    """

    name: str
    title: str
    caption: str
    where: str = ""
    numbers: str = ""
    legend: tuple[Look, ...] = ()
    panels: tuple[str, ...] = ()
    tables: tuple[View, ...] = field(default_factory=tuple)


def sections(material: Material) -> list[Section]:
    """Every section that has data."""
    drawn = plots(material)
    found = []
    for name, views in _views(material):
        plot = drawn.get(name)
        shown = tuple(view for view in views if view.rows)
        if plot is None and not shown:
            continue
        section = _captioned(name, material)
        if plot is not None:
            section = replace(
                section,
                legend=tuple(plot.looks.values()),
                panels=tuple(
                    inline(
                        render(plot.draw({key: label}, False)),
                        f"{name}-{i}",
                        f"{section.title}: {label}",
                        variables(material),
                    )
                    for i, (key, label) in enumerate(plot.panels.items())
                ),
            )
        found.append(replace(section, tables=shown))
    return found


def plots(material: Material) -> dict[str, Plot]:
    """Every figure that has data, by the name of its section."""
    size = (material.params.panel_width, material.params.panel_height)
    found = {}
    sets = _sets_with(material, "pass_at_k", "draw", material.curves)
    looks = {draw: material.looks[draw] for draw in material.curves}
    if sets and material.results["pass_at_k"]["k"].n_unique() > 1:
        table = _shown(material, "pass_at_k", sets)
        found["pass_at_k"] = Plot(
            sets, looks, lambda p, legend: figures.pass_at_k(table, looks, p, size, legend=legend)
        )
    pairs = _pair_looks(material)
    compared = _sets_with(material, "difference", "pair", list(pairs))
    if compared and material.results["difference"]["k"].n_unique() > 1:
        differences = _shown(material, "difference", compared)
        crossings = material.results.get("crossover")
        found["difference"] = Plot(
            compared,
            pairs,
            lambda p, legend: figures.difference(
                differences, crossings, pairs, p, size, legend=legend
            ),
        )
    binned = _sets_with(material, "histogram", "draw", material.curves)
    if binned:
        counts = _shown(material, "histogram", binned)
        found["histogram"] = Plot(
            binned,
            looks,
            lambda p, legend: figures.histogram(counts, looks, p, size, legend=legend),
        )
    if "training" in material:
        log = material.results["training"]
        arms = {arm: look for arm, look in material.arms.items() if arm in set(log["arm"])}
        if arms:
            found["training"] = Plot(
                QUANTITIES,
                arms,
                lambda p, legend: figures.training(log, arms, p, size, legend=legend),
            )
    return found


def variables(material: Material) -> dict[str, str]:
    """Colours of the figures and the CSS variables that stand for them in the page."""
    fixed = {INK: "ink", MUTED: "muted", RULE: "rule", GROUND: "ground"}
    return fixed | {colour: f"c{colour[1:]}" for colour in colours(material)}


def colours(material: Material) -> dict[str, str]:
    """Colours of draws and arms on light ground, and what they are on dark ground."""
    found = [*material.looks.values(), *material.arms.values()]
    return {look.colour: look.dark for look in found}


def _views(material: Material) -> Iterator[tuple[str, list[View]]]:
    """Sections in the order of the page, with their tables."""
    yield "pass_at_k", [tables.pass_at_k(material)]
    yield "difference", [tables.crossover(material)]
    yield "histogram", []
    yield "coverage", [tables.coverage(material), tables.indices(material)]
    yield "greedy", [tables.greedy(material)]
    yield "efficiency", [tables.efficiency(material)]
    yield "training", []
    yield "bounds", [tables.bounds(material)]
    yield (
        "setup",
        [tables.draws(material), tables.benchmarks(material), tables.arms(material)],
    )
    yield "validation", [tables.validation(material)]


def _captioned(name: str, material: Material) -> Section:
    """A section's words, with the paper's beside them where the parameters ask for it."""
    words = _words("captions.yaml")[name]
    paper: Mapping[str, str] = {}
    if material.params.paper:
        paper = _words("paper.yaml").get(name, {})
    settings = material.analysis.bootstrap
    caption = words["caption"].format(
        level=f"{settings.level * 100:g}%", resamples=settings.resamples, smooth=figures.SMOOTH
    )
    return Section(
        name, words["title"], caption, paper.get("where", ""), paper.get("numbers", "").strip()
    )


@cache
def _words(name: str) -> dict[str, Any]:
    return read(HERE / name)


def _sets_with(material: Material, question: str, column: str, names: list[str]) -> dict[str, str]:
    """Sets for which a question has rows of the names shown, with their labels."""
    if question not in material or not names:
        return {}
    table = material.results[question]
    present = set(table.filter(table[column].is_in(names))["set"])
    return {name: material.label(name) for name in material.set_names if name in present}


def _shown(material: Material, question: str, sets: Mapping[str, str]) -> pl.DataFrame:
    """Rows of a result table on the sets shown."""
    return material.results[question].filter(pl.col("set").is_in(list(sets)))


def _pair_looks(material: Material) -> dict[str, Look]:
    """A pair looks like its RL draw; a line of its own tells pairs of one RL draw apart."""
    return {
        name: replace(
            material.looks[pair.rl],
            label=material.pair_label(name),
            line=LINES[i % len(LINES)],
            marker=MARKERS[i % len(MARKERS)],
        )
        for i, (name, pair) in enumerate(material.pairs.items())
    }
