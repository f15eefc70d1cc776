"""What samples fail of: shares of the grader's reasons, wrong and unknown apart."""

from collections.abc import Iterable, Mapping, Sequence

from passk.core.schemas.verdicts import UNKNOWN, WRONG
from passk.report.comparing import NONE
from passk.report.material import Material
from passk.report.numbers import Number, source
from passk.report.tables import Cell, View

SHOWN = 0.01  # reasons of a smaller share everywhere are in the table alone, unknown ones apart
MOST = 12  # rows of a figure, and of a table that is not folded
Reason = tuple[str, str]  # verdict, reason


def reasons(material: Material, draws: Iterable[str], sets: Sequence[str]) -> dict[Reason, str]:
    """The reasons that matter and what they are called: wrong before unknown, then by share."""
    found = largest(material, draws, sets)
    large = [key for key in found if found[key] >= SHOWN or key[0] == UNKNOWN]
    return {
        (verdict, reason): reason if verdict == WRONG else f"{verdict}: {reason}"
        for verdict, reason in large[:MOST]
    }


def largest(
    material: Material, draws: Iterable[str], sets: Sequence[str]
) -> Mapping[Reason, float]:
    """The largest share of each reason in any draw and set, in the order of the page."""
    shares: dict[Reason, float] = {}
    for draw in draws:
        for row in material.rows("failures", draw=draw):
            if row["set"] in sets:
                key = row["verdict"], row["reason"]
                shares[key] = max(row["share"], shares.get(key, 0.0))
    ordered = sorted(shares, key=lambda key: (key[0] != WRONG, -shares[key], key))
    return {key: shares[key] for key in ordered}


def failures(material: Material, draws: Sequence[str], sets: Iterable[str]) -> View:
    """Every reason set by set, draws as columns."""
    rows: list[list[Cell]] = []
    for name in sets:
        for verdict, reason in largest(material, draws, [name]):
            row: list[Cell] = [[material.label(name)], [verdict], [reason]]
            for draw in draws:
                key = {"draw": draw, "set": name, "verdict": verdict, "reason": reason}
                known = material.row("failures", **key)
                row.append(NONE if known is None else _share(known["share"], key))
            rows.append(row)
    columns = ["Set", "Verdict", "Reason", *(material.looks[draw].label for draw in draws)]
    folded = "All reasons as numbers" if len(rows) > MOST else ""
    return View(columns, rows, frozenset({0, 1, 2}), folded=folded)


def _share(share: float, key: Mapping[str, str]) -> Cell:
    """A share of all samples; a small one keeps a digit that tells it from none."""
    text = f"{share:.1%}" if share >= 0.001 else f"{share * 100:.1g}%"
    return [Number(text, share, source("failures", "share", **key))]
