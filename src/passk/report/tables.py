"""Tables of the page: rows of cells, each number with its source."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from passk.report.evidence import crossing_parts, interval
from passk.report.material import Material, ordered
from passk.report.numbers import Number, Part, decimal, shares_of_resamples, source

Cell = Sequence[Part]  # a sentence

CATEGORIES = ("both", "base_only", "rl_only", "neither")


@dataclass(frozen=True)
class View:
    """A table as it is shown.

    Attributes:
        columns: headings.
        rows: a cell per column.
        wide: columns that stand left and may wrap (words rather than numbers).
        details: (summary, text) pairs to unfold below the table.
        folded: a summary behind which the table itself is folded.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    wide: frozenset[int] = frozenset({0})
    details: Sequence[tuple[str, str]] = field(default_factory=tuple)
    folded: str = ""


def pass_at_k(material: Material) -> View:
    """Every point of the curves, draws as columns."""
    draws = material.curves
    rows = []
    for name in material.set_names:
        cells = {
            draw: {row["k"]: row for row in material.rows("pass_at_k", draw=draw, set=name)}
            for draw in draws
        }
        for k in sorted({k for found in cells.values() for k in found}):
            row: list[Cell] = [[material.label(name)], [str(k)]]
            row += [_point(cells[draw].get(k), draw, name) for draw in draws]
            rows.append(row)
    columns = ["Set", "k", *(material.looks[draw].label for draw in draws)]
    return View(columns, rows, folded="All points as numbers")


def _point(row: Mapping[str, Any] | None, draw: str, name: str) -> Cell:
    if row is None:
        return ["–"]
    return interval("pass_at_k", "pass_at_k", row, {"draw": draw, "set": name, "k": row["k"]})


def crossover(material: Material) -> View:
    """The crossover, and the difference at both ends, per main pair and set."""
    rows: list[list[Cell]] = []
    for pair, name, found in material.pairs_and_sets("difference"):
        row: list[Cell] = [[material.pair_label(pair)], [material.label(name)]]
        rows.append([*row, *_compared(material, pair, name, found)])
    columns = ["Pair", "Set", "RL − base, smallest k", "RL − base, largest k", "Crossover"]
    return View(columns, rows, frozenset({0, 1, 4}))


def comparison(material: Material, pairs: Iterable[str], sets: Sequence[str]) -> View:
    """The same for the pairs of a section, set by set, so that pairs stand below each other."""
    rows: list[list[Cell]] = []
    found = sorted(
        material.by_pair("difference", pairs, sets), key=lambda cell: sets.index(cell[1])
    )
    for pair, name, points in found:
        row: list[Cell] = [[material.label(name)], [material.versus(pair)]]
        rows.append([*row, *_compared(material, pair, name, points)])
    columns = ["Set", "Pair", "Difference, smallest k", "Difference, largest k", "Crossover"]
    return View(columns, rows, frozenset({0, 1, 4}))


def _compared(
    material: Material, pair: str, name: str, found: Sequence[Mapping[str, Any]]
) -> list[Cell]:
    """Differences at both ends of the grid, and the crossover."""
    points = ordered(found, "k")
    ends = [points[0], points[-1]]
    row: list[Cell] = []
    for end in ends:
        key = {"pair": pair, "set": name, "k": end["k"]}
        value = interval("difference", "difference", end, key, signed=True)
        row.append([f"k = {end['k']}: ", *value])
    crossing = material.row("crossover", pair=pair, set=name)
    crossed = crossing_parts(crossing, ends[-1]["k"]) if crossing else ["–"]
    return [*row, shares_of_resamples(crossed, material.analysis.bootstrap.resamples)]


def _titles(trained: str) -> dict[str, str]:
    """What categories are called, where the second model of each pair is so called."""
    words = ("both", "base only", f"{trained} only", "neither")
    return dict(zip(CATEGORIES, words, strict=True))


def coverage(
    material: Material, pairs: Iterable[str], sets: Sequence[str], trained: str = "RL"
) -> View:
    """Which problems both, one or neither solve, and which of those by more than luck."""
    rows = []
    for pair, name, found in material.by_pair("coverage", pairs, sets):
        row: list[Cell] = [[material.versus(pair)], [material.label(name)]]
        by_category = {r["category"]: r for r in found}
        for category in CATEGORIES:
            entry = by_category.get(category)
            if entry is None:
                row.append(["–"])
                continue
            row.append(_category(entry, {"pair": pair, "set": name, "category": category}))
        rows.append(row)
    titles = [title[0].upper() + title[1:] for title in _titles(trained).values()]
    return View(["Pair", "Set", *titles], rows, frozenset(range(6)))


def _category(entry: Mapping[str, Any], key: Mapping[str, object]) -> Cell:
    """How many problems, their share, and how many of them by more than luck."""

    def number(column: str, text: str) -> Number:
        return Number(text, entry[column], source("coverage", column, **key))

    count, share = number("problems", str(entry["problems"])), number("share", _percent(entry))
    parts: list[Part] = [count, " (", share, ")"]
    if entry["certain"] is not None and entry["problems"]:
        parts += ["; ", number("certain", str(entry["certain"])), " by more than luck"]
    return parts


def _percent(entry: Mapping[str, Any]) -> str:
    return f"{entry['share']:.1%}"


def indices(
    material: Material, pairs: Iterable[str], sets: Sequence[str], trained: str = "RL"
) -> View:
    """The problems of each category by their index."""
    rows: list[list[Cell]] = []
    for pair, name, found in material.by_pair("coverage", pairs, sets):
        for entry in sorted(found, key=lambda row: CATEGORIES.index(row["category"])):
            listed = " ".join(map(str, entry["indices"])) or "none"
            words = [
                material.versus(pair),
                material.label(name),
                _titles(trained)[entry["category"]],
            ]
            rows.append([*([word] for word in words), [listed]])
    columns = ["Pair", "Set", "Solved by", "Indices"]
    return View(columns, rows, frozenset({0, 1, 2, 3}), folded="The problems by index")


def greedy(material: Material) -> View:
    """Greedy accuracy beside pass@1 of the same model's sampled draw."""
    rows = []
    for name in material.set_names:
        for entry in material.rows("greedy", set=name):
            draw = entry["draw"]
            if draw not in material.draws:
                continue
            key = {"draw": draw, "set": name}
            row: list[Cell] = [[material.looks[draw].label], [material.label(name)]]
            row.append(interval("greedy", "accuracy", entry, key))
            sampled = [
                (other, found)
                for other in material.draws
                if material.draws[other]["model"] == entry["model"]
                and (found := material.row("pass_at_k", draw=other, set=name, k=1)) is not None
            ]
            row.append(_point(sampled[0][1], sampled[0][0], name) if sampled else ["–"])
            rows.append(row)
    return View(["Greedy draw", "Set", "Greedy accuracy", "pass@1"], rows, frozenset({0, 1}))


def bounds(material: Material) -> View:
    """What unknown verdicts could change: pass@k if all of them were correct."""
    rows: list[list[Cell]] = []
    for draw in material.curves:
        for name in material.set_names:
            for entry in material.ends(draw, name):
                key = {"draw": draw, "set": name, "k": entry["k"]}
                low, high = (
                    Number(decimal(entry[c]), entry[c], source("pass_at_k", c, **key))
                    for c in ("pass_at_k", "bound_high")
                )
                rows.append(
                    [[material.looks[draw].label], [material.label(name)], [str(entry["k"])],
                     [low], [high]]
                )  # fmt: skip
    columns = ["Draw", "Set", "k", "Unknown as not solved", "Unknown as solved"]
    return View(columns, rows, frozenset({0, 1}))


def validation(material: Material) -> View:
    """What was checked across tables before the analyses ran."""
    rows: list[list[Cell]] = []
    details = []
    for kind, suite in material.validation.items():
        checks = suite["expectations"]
        passed = sum(check["success"] for check in checks)
        at = source("validation", "expectations", kind=kind)
        rows.append(
            [
                [kind],
                [Number(f"{passed} of {len(checks)}", passed, at)],
                ["passed" if suite["success"] else "FAILED"],
            ]
        )
        listed = "; ".join(
            f"{'✓' if check['success'] else '✗'} {check['name']}" for check in checks
        )
        details.append((f"{kind}: what is expected", listed))
    return View(["Suite", "Expectations met", "Result"], rows, frozenset({0, 2}), details)
