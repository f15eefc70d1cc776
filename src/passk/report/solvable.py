"""Which problems are solvable: how many both models, one or neither solve, and which these are."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from passk.report.material import Material
from passk.report.numbers import Number, Part, source
from passk.report.tables import Cell, View

CATEGORIES = ("both", "base_only", "rl_only", "neither")
SHORTEST = 3  # neighbouring indices that are written as a range


def _titles(trained: str) -> dict[str, str]:
    """What categories are called, where the second model of each pair is so called."""
    words = ("both", "base only", f"{trained} only", "neither")
    return dict(zip(CATEGORIES, words, strict=True))


def coverage(
    material: Material, pairs: Iterable[str], sets: Sequence[str], trained: str = "RL"
) -> View:
    """Which problems both, one or neither solve, and which of those by more than luck."""
    pairs, rows = list(pairs), []
    for pair, name, found in material.by_pair("coverage", pairs, sets):
        row: list[Cell] = [[material.versus(pair)], [material.label(name)]]
        by_category = {r["category"]: r for r in found}
        for category in CATEGORIES:
            entry = by_category.get(category)
            if entry is None:
                row.append(["–"])
                continue
            row.append(_category(entry, {"pair": pair, "set": name, "category": category}))
        entry = found[0]
        key = {"pair": pair, "set": name, "category": entry["category"]}
        at = source("coverage", "excluded", **key)
        rows.append([*row, [Number(str(entry["excluded"]), entry["excluded"], at)]])
    titles = [title[0].upper() + title[1:] for title in _titles(trained).values()]
    columns = ["Pair", "Set", *titles, "Left out"]
    cells = material.by_pair("coverage", pairs, sets)
    if not any(entry["excluded"] for _, _, found in cells for entry in found):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return View(columns, rows, frozenset(range(6)))


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
    """The problems of each category by their index, neighbours as ranges."""
    rows: list[list[Cell]] = []
    for pair, name, found in material.by_pair("coverage", pairs, sets):
        for entry in sorted(found, key=lambda row: CATEGORIES.index(row["category"])):
            listed = ranges(entry["indices"]) or "none"
            words = [
                material.versus(pair),
                material.label(name),
                _titles(trained)[entry["category"]],
            ]
            rows.append([*([word] for word in words), [listed]])
    columns = ["Pair", "Set", "Solved by", "Indices"]
    return View(columns, rows, frozenset({0, 1, 2, 3}), folded="The problems by index")


def ranges(indices: Sequence[int]) -> str:
    """Ascending indices as a list in which three neighbours or more are a range.

    Example:
        >>> ranges([0, 1, 2, 3, 5, 7, 8, 10])
        '0–3, 5, 7, 8, 10'
    """
    breaks = [i + 1 for i, (one, two) in enumerate(pairwise(indices)) if two != one + 1]
    runs = [indices[i:j] for i, j in pairwise([0, *breaks, len(indices)])]
    words: list[str] = []
    for run in runs:
        long = len(run) >= SHORTEST
        words += [f"{run[0]}–{run[-1]}"] if long else [str(index) for index in run]
    return ", ".join(words)
