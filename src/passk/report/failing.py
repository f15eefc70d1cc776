"""What samples fail of: shares of the grader's reasons, wrong and unknown apart."""

from collections.abc import Iterable, Sequence

from passk.report.comparing import NONE
from passk.report.material import Material
from passk.report.numbers import Number, source
from passk.report.tables import Cell, View

SHOWN = 0.01  # reasons of a smaller share in every draw are folded
FEW = 12  # a table of as many rows is not folded


def failures(material: Material, draws: Sequence[str], sets: Iterable[str]) -> list[View]:
    """Reasons as rows, draws as columns: those that matter, and behind a summary all."""
    rows: list[list[Cell]] = []
    large: list[list[Cell]] = []
    for name in sets:
        found = {
            (entry["verdict"], entry["reason"], draw): entry
            for draw in draws
            for entry in material.rows("failures", draw=draw, set=name)
        }
        shares: dict[tuple[str, str], float] = {}
        for (verdict, reason, _), entry in found.items():
            shares[verdict, reason] = max(entry["share"], shares.get((verdict, reason), 0.0))
        # wrong before unknown, then by size
        for verdict, reason in sorted(shares, key=lambda k: (k[0] != "wrong", -shares[k], k[1])):
            row: list[Cell] = [[material.label(name)], [verdict], [reason]]
            for draw in draws:
                key = {"draw": draw, "set": name, "verdict": verdict, "reason": reason}
                known = found.get((verdict, reason, draw))
                row.append(NONE if known is None else _share(known["share"], key))
            rows.append(row)
            large += [row] if shares[verdict, reason] >= SHOWN else []
    columns = ["Set", "Verdict", "Reason", *(material.looks[draw].label for draw in draws)]
    wide = frozenset({0, 1, 2})
    if len(rows) <= FEW or len(large) == len(rows):
        return [View(columns, rows, wide)]
    return [View(columns, large, wide), View(columns, rows, wide, folded="All reasons")]


def _share(share: float, key: dict[str, str]) -> Cell:
    """A share of all samples; a small one keeps a digit that tells it from none."""
    text = f"{share:.1%}" if share >= 0.001 else f"{share:.2g}"
    return [Number(text, share, source("failures", "share", **key))]
