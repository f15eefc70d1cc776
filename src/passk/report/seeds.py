"""Training seeds: what repetitions gave, and whether algorithms differ by more than they do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from passk.report import dots
from passk.report.evidence import interval
from passk.report.material import Material
from passk.report.numbers import Number, Part, Source, decimal, source
from passk.report.tables import Cell, View

Row = Mapping[str, Any]
_QUANTITIES = ("pass_at_k", "difference", "dse")  # in the order of the table


@dataclass(frozen=True)
class Beside:
    """The spread of a group's gaps on a set beside what one of its pairs gave over seeds."""

    set: str
    group: str
    spread: Row
    seeds: Row

    @property
    def exceeds(self) -> bool:
        """Whether the pairs of the group lie further apart than seeds alone put them."""
        return bool(self.spread["spread"] > self.seeds["noise"])


def beside(material: Material) -> Iterator[Beside]:
    """Every group, set and repeated pair of the group for which both are known."""
    for name in material.every_set:
        for group, pairs in material.analysis.groups.items():
            spread = material.row("spread", group=group, set=name)
            for row in material.rows("seeds", set=name, quantity="dse"):
                if spread is not None and row["name"] in pairs and row["noise"] is not None:
                    yield Beside(name, group, spread, row)


def sentences(material: Material) -> list[list[Part]]:
    """What the seeds say of the spread between algorithms, set by set."""
    found: list[list[Part]] = []
    for one in beside(material):
        spread = source("spread", "spread", group=one.group, set=one.set)
        verdict = "more than seeds alone give" if one.exceeds else "which seeds alone may give"
        found.append(
            [f"{material.label(one.set)}: ΔSE of {material.label(one.group)} spans ",
             Number(decimal(one.spread["spread"]), one.spread["spread"], spread),
             f", {verdict} (up to ", _number(one.seeds, "noise"), ", from ",
             _number(one.seeds, "seeds"), f" seeds of {material.versus(one.seeds['name'])})."]
        )  # fmt: skip
    return found


def spreads(material: Material) -> View:
    """The spread between algorithms beside that over seeds."""
    rows: list[list[Cell]] = []
    for one in beside(material):
        key = {"group": one.group, "set": one.set}
        width, pairs, chance = (
            Number(text.format(one.spread[column]), one.spread[column],
                   source("spread", column, **key))
            for column, text in (("spread", "{:.3f}"), ("pairs", "{}"), ("noise", "{:.3f}"))
        )  # fmt: skip
        rows.append(
            [[material.label(one.set)], [material.label(one.group)], [pairs], [width], [chance],
             [material.versus(one.seeds["name"])], [_number(one.seeds, "sd")],
             [_number(one.seeds, "noise")]]
        )  # fmt: skip
    columns = [
        "Set", "Group", "Pairs", "Spread of ΔSE", "Problems and samples alone, up to", "Seeds of",
        "SD of ΔSE over seeds", "Seeds alone, up to",
    ]  # fmt: skip
    return View(columns, rows, frozenset({0, 1, 5}))


def gaps(material: Material) -> dict[str, list[dots.Row]]:
    """Sampling efficiency gaps by set: of each seed, then of each pair of the group."""
    rows: dict[str, list[dots.Row]] = {}
    for one in beside(material):
        pairs = {
            name: material.analysis.pairs[name] for name in material.analysis.groups[one.group]
        }
        drawn = material.selection([pair.rl for pair in pairs.values()])
        look = drawn[pairs[one.seeds["name"]].rl]
        repeated = one.seeds["values"]
        label = f"{look.label}, {len(repeated)} seeds"
        found = [
            (row["dse"], drawn[pair.rl].colour)
            for name, pair in pairs.items()
            if (row := material.row("efficiency", pair=name, set=one.set)) is not None
        ]
        here = rows.setdefault(one.set, [])
        here.append(dots.Row(label, repeated, [look.colour] * len(repeated), one.seeds["mean"]))
        places, colours = [value for value, _ in found], [colour for _, colour in found]
        group = dots.Row(material.label(one.group), places, colours)
        if found and group not in here:
            here.append(group)
    return rows


def values(material: Material) -> View:
    """Every quantity by seed, with its mean and standard deviation."""
    rows: list[list[Cell]] = []
    for name in material.every_set:
        for row in sorted(material.rows("seeds", set=name), key=_order(material)):
            listed: list[Part] = []
            for value in row["values"]:
                text = decimal(value, signed=_signed(row))
                listed += [", ", Number(text, value, _source(row, "values"))]
            mean = interval("seeds", "mean", row, _key(row), signed=_signed(row))
            rows.append(
                [[material.label(name)], [_who(material, row)], [_what(row)],
                 [_number(row, "seeds")], listed[1:], mean, [_number(row, "sd")]]
            )  # fmt: skip
    columns = ["Set", "Of", "Quantity", "Seeds", "By seed", "Mean", "SD over seeds"]
    return View(columns, rows, frozenset({0, 1, 2, 4}), folded="All values by seed")


def _order(material: Material) -> Callable[[Row], tuple[int, int, int]]:
    """Draws before pairs, both as the parameters have them."""
    names = [*material.draws, *material.analysis.pairs]

    def place(row: Row) -> tuple[int, int, int]:
        return names.index(row["name"]), _QUANTITIES.index(row["quantity"]), row["k"]

    return place


def _who(material: Material, row: Row) -> str:
    name = row["name"]
    if row["quantity"] == "pass_at_k":
        return material.looks[name].label
    return material.versus(name)


def _what(row: Row) -> str:
    k = row["k"]
    if row["quantity"] == "pass_at_k":
        return f"pass@{k}"
    return f"ΔSE, k = {k}" if row["quantity"] == "dse" else f"difference, k = {k}"


def _signed(row: Row) -> bool:
    return bool(row["quantity"] != "pass_at_k")


def _key(row: Row) -> dict[str, object]:
    return {name: row[name] for name in ("name", "set", "quantity", "k")}


def _source(row: Row, column: str) -> Source:
    return source("seeds", column, **_key(row))


def _number(row: Row, column: str) -> Number:
    text = str(row[column]) if column == "seeds" else decimal(row[column])
    return Number(text, row[column], _source(row, column))
