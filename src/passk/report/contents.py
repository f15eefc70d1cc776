"""The sections of the page, in order; what has no data has no section."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from passk.core.yaml_files import read
from passk.report import (
    comparing,
    failing,
    looking,
    progress,
    published,
    seeds,
    setup,
    solvable,
    tables,
)
from passk.report.examples import Example, whole
from passk.report.looks import Look
from passk.report.material import Material
from passk.report.numbers import Part
from passk.report.plot import Drawing
from passk.report.plots import DOMAINS, PLAIN, efficiency_pairs, plots
from passk.report.settings import Domain, Panel
from passk.report.svg import GROUND, INK, MUTED, RULE, inline
from passk.report.tables import View

HERE = Path(__file__).parent
# What a section says above its tables.
SENTENCES: Mapping[str, Callable[[Material], Sequence[Sequence[Part]]]] = {
    "seeds": seeds.sentences,
}


@dataclass(frozen=True)
class Shown:
    """A figure in the page.

    Attributes:
        heading: over it, where a section has several.
        legend: what is drawn, with its sample's colour as a CSS variable.
        bars: whether the legend shows bars.
        folded: whether the figure is behind its heading.
        panels: SVG elements.
    """

    heading: str
    legend: tuple[Look, ...]
    bars: bool
    folded: bool
    panels: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Attributes:
        name: anchor, and key of its caption.
        title, caption: as in `captions.yaml`, filled in.
        where, numbers: the paper's figure or table and what it reports; empty if it has none.
        figures: figures.
        said: sentences above the tables, each number with its source.
        tables: tables below the figures.
        examples: problems with what models wrote, folded below the tables.
    """

    name: str
    title: str
    caption: str
    where: str = ""
    numbers: str = ""
    figures: tuple[Shown, ...] = ()
    said: tuple[Sequence[Part], ...] = ()
    tables: tuple[View, ...] = field(default_factory=tuple)
    examples: tuple[Example, ...] = ()


def drawings(material: Material) -> dict[str, Drawing]:
    """Every figure, drawn: the page and the files show the same ones."""
    return {name: plot.render() for name, plot in plots(material).items()}


def sections(material: Material, drawn: Mapping[str, Drawing]) -> list[Section]:
    """Every section that has data."""
    published.check(material.params.counterparts)
    found = []
    for name, views in _views(material):
        pictures = [drawing for drawing in drawn.values() if drawing.plot.section == name]
        shown = tuple(view for view in views if view.rows)
        wholes = whole(material, name) if name in (*DOMAINS, "examples") else ()
        if not pictures and not shown and not wholes:
            continue
        section = _captioned(name, material)
        figures = tuple(
            _shown(drawing, section.title, material, folded=i > 0 and not drawing.plot.open)
            for i, drawing in enumerate(pictures)
        )
        said = tuple(SENTENCES[name](material)) if name in SENTENCES else ()
        found.append(replace(section, figures=figures, said=said, tables=shown, examples=wholes))
    return found


def _shown(drawing: Drawing, title: str, material: Material, *, folded: bool) -> Shown:
    """A figure's panels as elements of the page."""
    plot = drawing.plot
    panels = tuple(
        inline(
            drawing.panels[key],
            f"{plot.name}-{i}",
            ", ".join(filter(None, (title, plot.heading, label))),
            variables(material),
        )
        for i, (key, label) in enumerate(plot.panels.items())
    )
    legend = tuple(plot.looks.values()) if plot.legend else ()
    return Shown(plot.heading, legend, plot.bars, folded, panels)


def variables(material: Material) -> dict[str, str]:
    """Colours of the figures and the CSS variables that stand for them in the page."""
    fixed = {INK: "ink", MUTED: "muted", RULE: "rule", GROUND: "ground"}
    return fixed | {colour: f"c{colour[1:]}" for colour in colours(material)}


def colours(material: Material) -> dict[str, str]:
    """Every colour that a line may have on light ground, and what it is on dark ground."""
    given = [*material.params.colours.values(), *material.params.palette]
    return {colour.lower(): Look("", colour.lower(), "", "").dark for colour in given}


def _views(material: Material) -> Iterator[tuple[str, Sequence[View]]]:
    """Sections in the order of the page, with their tables."""
    yield "pass_at_k", [tables.pass_at_k(material)]
    yield "difference", [tables.crossover(material)]
    yield "histogram", []
    main = (list(material.pairs), material.set_names)
    yield "coverage", [solvable.coverage(material, *main), solvable.indices(material, *main)]
    yield "greedy", [tables.greedy(material, material.set_names)]
    for domain in DOMAINS:
        yield domain, _domain(material, domain)
    yield "algorithms", [comparing.ends(material, "algorithms")]
    sets = material.panel_sets("algorithms")
    gaps = comparing.efficiency(material, list(efficiency_pairs(material)), sets)
    yield "efficiency", [comparing.spread(material, sets), gaps]
    for name in PLAIN:
        yield name, _compared(material, name)
    yield "seeds", [seeds.spreads(material), seeds.values(material)]
    yield "training", []
    yield "cost", [comparing.cost(material)]
    yield "failures", [failing.failures(material, material.curves, material.set_names)]
    yield "examples", []
    yield "bounds", [tables.bounds(material, material.curves, material.set_names)]
    yield (
        "setup",
        [setup.draws(material), setup.benchmarks(material), setup.arms(material),
         setup.finetuned(material)],
    )  # fmt: skip
    yield "validation", [tables.validation(material)]


def _domain(material: Material, name: Domain) -> list[View]:
    """Tables of one domain: what the page says of the main pairs and sets, of its own."""
    looks = [_looking(material)] if name == "visual" else []
    pairs = material.panel(name)
    if not pairs:
        return looks
    sets, draws = material.panel_sets(name), material.drawn(pairs)
    return [
        comparing.ends(material, name),
        tables.comparison(material, pairs, sets),
        solvable.coverage(material, pairs, sets),
        solvable.indices(material, pairs, sets),
        tables.greedy(material, [one for one in sets if one not in material.set_names]),
        failing.failures(material, draws, sets),
        replace(tables.bounds(material, draws, sets), folded="Bounds for unknown verdicts"),
        *looks,
    ]


def _looking(material: Material) -> View:
    """Whether models look at pictures, where a set is asked with shuffled ones too."""
    words = _words("captions.yaml")["looking"]
    view = looking.looking(material)
    return replace(view, title=words["title"], caption=words["caption"])


def _compared(material: Material, name: Panel) -> list[View]:
    """Tables of a section that compares."""
    pairs, sets = list(material.panel(name)), material.panel_sets(name)
    if name == "steps":
        longer = [pair for pair in material.subjects().get("longer", []) if pairs]
        return [comparing.ends(material, "steps"), tables.comparison(material, longer, sets)]
    views = [tables.comparison(material, pairs, sets)]
    if name == "distillation":
        taught = material.subjects().get("distilled") or pairs
        beyond = [pair for pair in pairs if pair in taught]
        views += [
            table(material, beyond, sets, "distilled")
            for table in (solvable.coverage, solvable.indices)
        ]
    return views


def _captioned(name: str, material: Material) -> Section:
    """A section's words, with the paper's beside them where the parameters ask for it."""
    words = _words("captions.yaml")[name]
    paper: Mapping[str, str] = {}
    if material.params.paper:
        paper = _words("paper.yaml").get(name, {})
    settings = material.analysis.bootstrap
    caption = words["caption"].format(
        level=f"{settings.level * 100:g}%",
        tail=f"{(1 - settings.level) * 50:.3g}%",
        resamples=settings.resamples,
        smooth=progress.SMOOTH,
    )
    return Section(
        name, words["title"], caption, paper.get("where", ""), paper.get("numbers", "").strip()
    )


@cache
def _words(name: str) -> dict[str, Any]:
    return read(HERE / name)
