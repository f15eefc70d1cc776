"""Tables that set several models side by side, and the paper's numbers beside ours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from passk.report import published
from passk.report.evidence import interval
from passk.report.material import Material
from passk.report.numbers import MINUS, Number, decimal, source
from passk.report.tables import Cell, View

NONE: Cell = ["–"]
Compared = Literal["algorithms", "steps", "code", "visual"]
# Section -> the largest k of the paper's table.
PUBLISHED: Mapping[Compared, int] = {"algorithms": 256, "steps": 256, "code": 128, "visual": 128}


def ends(material: Material, section: Compared) -> View:
    """Pass@k of a section's draws at the smallest and the largest k, set by set."""
    looks = material.selection(material.drawn(material.panel(section)))
    largest = PUBLISHED[section]
    rows: list[list[Cell]] = []
    for name in material.panel_sets(section):
        for draw, look in looks.items():
            found = material.ends(draw, name)
            if len(found) < 2:
                continue
            row: list[Cell] = [[material.label(name)], [look.label]]
            for entry, k in zip(found, (1, largest), strict=True):
                key = {"draw": draw, "set": name, "k": entry["k"]}
                value = interval("pass_at_k", "pass_at_k", entry, key)
                row.append([f"k = {entry['k']}: ", *value])
                row.append(_published(material, section, draw, name, f"pass_at_{k}"))
            rows.append(row)
    columns = ["Set", "Draw", "Smallest k", "Paper, k = 1", "Largest k", f"Paper, k = {largest}"]
    return _without_empty(View(columns, rows, frozenset({0, 1})))


def _published(material: Material, section: Compared, draw: str, name: str, column: str) -> Cell:
    """The paper's number of what stands for a draw and a set."""
    model, set_name = material.counterpart(section, draw), material.counterpart("sets", name)
    value = published.value(model, set_name, column)
    if value is None:
        return NONE
    return [f"{published.told(model, set_name)} {decimal(value)}".strip()]


def _without_empty(view: View) -> View:
    """The table without columns of dashes."""
    kept = [i for i in range(len(view.columns)) if any(row[i] is not NONE for row in view.rows)]
    return replace(
        view,
        columns=[view.columns[i] for i in kept],
        rows=[[row[i] for i in kept] for row in view.rows],
    )


def efficiency(material: Material, pairs: Iterable[str], sets: Sequence[str]) -> View:
    """The sampling efficiency gap per set and pair, and the paper's from its table."""
    rows: list[list[Cell]] = []
    for name in sets:
        told_of = published_gaps(material, pairs, name)
        for pair in pairs:
            for entry in material.rows("efficiency", pair=pair, set=name):
                key = {"pair": pair, "set": name, "k": entry["k"]}
                value = interval("efficiency", "dse", entry, key, signed=True)
                told = told_of.get(pair)
                rows.append(
                    [[material.label(name)], [material.versus(pair)], [str(entry["k"])], value,
                     NONE if told is None else [decimal(told, signed=True)]]
                )  # fmt: skip
    columns = ["Set", "Pair", "k", f"ΔSE = pass@k(base) {MINUS} pass@1(RL)", "Paper, k = 256"]
    folded = "All gaps as numbers"
    return _without_empty(View(columns, rows, frozenset({0, 1}), folded=folded))


def published_gaps(material: Material, pairs: Iterable[str], name: str) -> dict[str, float]:
    """The paper's sampling efficiency gap of each pair that it has on a set's counterpart."""
    found = {}
    for pair in pairs:
        both = material.analysis.pairs[pair]
        base, rl = (material.counterpart("algorithms", draw) for draw in (both.base, both.rl))
        found[pair] = published.gap(base, rl, material.counterpart("sets", name))
    return {pair: gap for pair, gap in found.items() if gap is not None}


def spread(material: Material, sets: Sequence[str]) -> View:
    """How far the gaps of a group lie apart, beside what noise alone gives."""
    rows: list[list[Cell]] = []
    for group in material.analysis.groups:
        for name in sets:
            if (entry := material.row("spread", group=group, set=name)) is None:
                continue
            key = {"group": group, "set": name}
            at = source("spread", "noise", **key)
            limits = ("smallest_low", "smallest_high")
            rows.append(
                [[material.label(name)], [material.label(group)],
                 [Number(str(entry["pairs"]), entry["pairs"], source("spread", "pairs", **key))],
                 interval("spread", "spread", entry, key),
                 [Number(decimal(entry["noise"]), entry["noise"], at)],
                 interval("spread", "smallest", entry, key, signed=True, limits=limits)]
            )  # fmt: skip
    columns = ["Set", "Group", "Pairs", "Spread of ΔSE", "Noise alone, up to", "Smallest ΔSE"]
    return View(columns, rows, frozenset({0, 1}))


def cost(material: Material) -> View:
    """What each arm drew and generated, in quantities that do not depend on the machine."""
    entries = {row["arm"]: row for arm in material.train for row in material.rows("cost", arm=arm)}
    least = min((row["rollouts"] or 0 for row in entries.values()), default=0)
    rows: list[list[Cell]] = []
    for arm, entry in entries.items():

        def number(column: str, text: str, arm: str = arm, entry: dict[str, Any] = entry) -> Cell:
            if entry[column] is None:
                return NONE
            return [
                Number(text.format(entry[column]), entry[column], source("cost", column, arm=arm))
            ]

        times: Cell = NONE
        if least and entry["rollouts"]:
            ratio = entry["rollouts"] / least
            times = [Number(f"{ratio:.2f}", ratio, source("cost", "rollouts", arm=arm))]
        rows.append(
            [[material.label(arm)], number("steps", "{}"), number("rollouts", "{:,}"), times,
             number("tokens", "{:,}"), number("rounds", "{:.2f}"), number("trained", "{:.1%}"),
             number("reward", "{:.3f}")]
        )  # fmt: skip
    columns = ["Arm", "Steps", "Rollouts drawn", "Times the least", "Tokens generated",
               "Rounds a step", "Share with a gradient", "Final reward"]  # fmt: skip
    return _without_empty(View(columns, rows, frozenset({0})))
