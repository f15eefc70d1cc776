"""The figures of the page: which there are, what each shows, and how any panel of it is drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import polars as pl

from passk.analysis.settings import Pair
from passk.report import arms, axes, comparing, dots, failing, figures, folded, gaps, seeds
from passk.report.axes import Frame
from passk.report.looks import LINES, MARKERS, Look, paired
from passk.report.material import Material
from passk.report.plot import Plot
from passk.report.settings import Domain, Panel

# Sections of one domain, and sections that compare pairs on plain axes, in the order of the page.
DOMAINS: tuple[Domain, ...] = ("code", "visual")
PLAIN: tuple[Panel, ...] = ("steps", "families", "distillation", "ablations", "objectives")


def plots(material: Material) -> dict[str, Plot]:
    """Every figure that has data, by name, in the order of the page."""
    return {plot.name: plot for plot in _all(material)}


def _all(material: Material) -> Iterator[Plot]:
    looks = {draw: material.looks[draw] for draw in material.curves}
    yield from _curves(material, "pass_at_k", looks, material.set_names)
    yield from _differences(material, "difference", material.pairs, material.set_names)
    yield from _histogram(material, "histogram", looks, material.set_names)
    for domain in DOMAINS:
        yield from _domain(material, domain)
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
    yield from _failures(material, "failures", looks, material.set_names)
    yield from arms.plots(material)


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


def _domain(material: Material, name: Domain) -> Iterator[Plot]:
    """The figures of one domain: curves, differences and histograms of its pairs."""
    pairs, sets = material.panel(name), material.panel_sets(name)
    looks = material.selection(material.drawn(pairs))
    figures = (
        ("pass@k", _curves(material, name, looks, sets)),
        ("RL − base", _differences(material, name, pairs, sets)),
        ("Accuracy by problem", _histogram(material, name, looks, sets)),
        ("What samples fail of", _failures(material, name, looks, sets)),
    )
    for heading, found in figures:
        for plot in found:
            yield replace(plot, heading=heading, open=True)


def _curves(
    material: Material, section: str, looks: Mapping[str, Look], wanted: Sequence[str]
) -> Iterator[Plot]:
    """Pass@k of several draws on plain axes, all panels of one span."""
    sets, table = _rows(material, "pass_at_k", looks, wanted)
    if not sets or table["k"].n_unique() < 2:
        return
    bands = ("low", "high") if len(looks) < 5 else ("pass_at_k", "pass_at_k")
    span = axes.span_of(table, *bands)
    yield Plot(
        section,
        section,
        sets,
        looks,
        lambda key: figures.pass_at_k(table, looks, Frame(key, sets[key], material.size, span)),
    )


def _differences(
    material: Material, section: str, pairs: Mapping[str, Pair], wanted: Sequence[str]
) -> Iterator[Plot]:
    """RL - base of several pairs, with the crossover."""
    drawn = material.looks if section == "difference" else material.selection(_drawn(pairs))
    looks = pair_looks(material, pairs, drawn)
    sets, table = _rows(material, "difference", looks, wanted)
    if not sets or table["k"].n_unique() < 2:
        return
    span = axes.span_of(table)
    crossings = material.results.get("crossover")
    yield Plot(
        _named(section, "difference"),
        section,
        sets,
        looks,
        lambda key: figures.difference(
            table, crossings, looks, Frame(key, sets[key], material.size, span)
        ),
    )


def _histogram(
    material: Material, section: str, looks: Mapping[str, Look], wanted: Sequence[str]
) -> Iterator[Plot]:
    """Problems by accuracy."""
    sets, table = _rows(material, "histogram", looks, wanted)
    if not sets:
        return
    span = (0.0, axes.span_of(table, "share", "share")[1])
    yield Plot(
        _named(section, "histogram"),
        section,
        sets,
        looks,
        lambda key: figures.histogram(table, looks, Frame(key, sets[key], material.size, span)),
        bars=True,
    )


def _failures(
    material: Material, section: str, looks: Mapping[str, Look], wanted: Sequence[str]
) -> Iterator[Plot]:
    """Samples that are not correct, by reason."""
    sets, table = _rows(material, "failures", looks, wanted)
    reasons = failing.reasons(material, looks, list(sets))
    if not reasons:
        return
    span = (0.0, axes.span_of(table, "share", "share")[1])
    yield Plot(
        _named(section, "failures"),
        section,
        sets,
        looks,
        lambda key: figures.failures(
            table, looks, Frame(key, sets[key], material.size, span), reasons
        ),
        bars=True,
    )


def _named(section: str, kind: str) -> str:
    """A figure's name: its kind, with its section where that has others."""
    return kind if section == kind else f"{section}-{kind}"


def _drawn(pairs: Mapping[str, Pair]) -> list[str]:
    """Draws of several pairs, in order."""
    return list(dict.fromkeys(name for pair in pairs.values() for name in (pair.base, pair.rl)))


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
            label=material.pair_label(name, pairs),
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
