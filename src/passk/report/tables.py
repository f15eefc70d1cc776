"""Tables of the page: rows of cells, each number with its source."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from passk.report.evidence import crossing_parts, interval
from passk.report.material import Material, ordered
from passk.report.numbers import Number, Part, decimal, shares_of_resamples, source

Cell = Sequence[Part]  # a sentence


@dataclass(frozen=True)
class View:
    """A table as it is shown.

    Attributes:
        columns: headings.
        rows: a cell per column.
        wide: columns that stand left and may wrap (words rather than numbers).
        details: (summary, text) pairs to unfold below the table.
        folded: a summary behind which the table itself is folded.
        title, caption: above the table, where it needs more than its section says.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    wide: frozenset[int] = frozenset({0})
    details: Sequence[tuple[str, str]] = field(default_factory=tuple)
    folded: str = ""
    title: str = ""
    caption: str = ""


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
            row += [point(cells[draw].get(k), draw, name) for draw in draws]
            rows.append(row)
    columns = ["Set", "k", *(material.looks[draw].label for draw in draws)]
    return View(columns, rows, folded="All points as numbers")


def point(row: Mapping[str, Any] | None, draw: str, name: str) -> Cell:
    """A point of a curve with its interval, or a dash where there is none."""
    if row is None:
        return ["–"]
    return interval("pass_at_k", "pass_at_k", row, {"draw": draw, "set": name, "k": row["k"]})


def crossover(material: Material) -> View:
    """The crossover, and the difference at both ends, per main pair and set."""
    rows: list[list[Cell]] = []
    for pair, name, found in material.pairs_and_sets("difference"):
        row: list[Cell] = [[material.pair_label(pair, material.pairs)], [material.label(name)]]
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


def greedy(material: Material, sets: Sequence[str]) -> View:
    """Greedy accuracy beside pass@1 of the same model's sampled draw."""
    rows = []
    for name in sets:
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
            row.append(point(sampled[0][1], sampled[0][0], name) if sampled else ["–"])
            rows.append(row)
    return View(["Greedy draw", "Set", "Greedy accuracy", "pass@1"], rows, frozenset({0, 1}))


def bounds(material: Material, draws: Iterable[str], sets: Sequence[str]) -> View:
    """What unknown verdicts could change: pass@k if all of them were correct."""
    rows: list[list[Cell]] = []
    for draw in draws:
        for name in sets:
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
