"""The finding in one sentence, every number generated from the result tables."""

from collections.abc import Mapping
from typing import Any

from passk.report.claims.verdict import sign
from passk.report.evidence import crossing_parts, interval
from passk.report.material import Material, ordered
from passk.report.numbers import Number, Part, shares_of_resamples, source


def finding(material: Material) -> list[Part]:
    """What was found for the first pair on the first set; without pairs, for each draw.

    Where the tables hold nothing yet, the sentence says so.
    """
    for pair, name, rows in material.pairs_and_sets("difference"):
        return _compared(material, pair, name, rows)
    alone = [part for draw in material.curves for part in _alone(material, draw)]
    return [*alone[:-1], "."] if alone else ["No draw has been counted yet."]


def _compared(material: Material, pair: str, name: str, rows: list[dict[str, Any]]) -> list[Part]:
    """Base against RL at the smallest and the largest k that both have."""
    base, rl = material.pairs[pair].base, material.pairs[pair].rl
    rows = [dict(row) for row in ordered(rows, "k")]
    parts: list[Part] = [f"On {material.label(name)} (", *_problems(material, base, name), "), "]
    ends = rows[:1] + rows[1:][-1:]
    for i, row in enumerate(ends):
        parts += [" and " if i else ""]
        parts += [_ahead(material, base, rl, row), f" at k = {row['k']} ("]
        parts += [*_against(material, (rl, base), name, row["k"]), ")"]
    if (crossing := material.row("crossover", pair=pair, set=name)) is not None:
        crossed = crossing_parts(crossing, ends[-1]["k"])
        parts += ["; ", *shares_of_resamples(crossed, material.analysis.bootstrap.resamples)]
        if crossing["crossover_k"] is None:
            key = {"pair": pair, "set": name, "k": ends[-1]["k"]}
            parts += [f", with a difference RL − base at k = {ends[-1]['k']} of "]
            parts += interval("difference", "difference", ends[-1], key, signed=True)
    return [*parts, "."]


def _ahead(material: Material, base: str, rl: str, row: Mapping[str, Any]) -> str:
    """Who solves more at one k, as far as the interval of the difference tells."""
    labels = {1: material.looks[rl].label, -1: material.looks[base].label}
    which = sign(row["low"], row["high"])
    if which:
        return f"{labels[which]} solves more"
    return f"{labels[1]} and {labels[-1]} are not told apart"


def _against(material: Material, draws: tuple[str, ...], name: str, k: int) -> list[Part]:
    """Pass@k of several draws at one k."""
    parts: list[Part] = [f"pass@{k} "]
    for draw in draws:
        row = material.row("pass_at_k", draw=draw, set=name, k=k)
        if row is None:
            continue
        parts += [f"{material.looks[draw].label} "]
        parts += interval("pass_at_k", "pass_at_k", row, {"draw": draw, "set": name, "k": k})
        parts += [", "]
    return parts[:-1]


def _alone(material: Material, draw: str) -> list[Part]:
    """One draw on the first set that it samples."""
    for name in material.set_names:
        ends = material.ends(draw, name)
        if not ends:
            continue
        single = len(material.curves) == 1
        parts: list[Part] = [] if single else [f"{material.looks[draw].label}: "]
        for row in ends:
            key = {"draw": draw, "set": name, "k": row["k"]}
            parts += [f"pass@{row['k']} = ", *interval("pass_at_k", "pass_at_k", row, key), ", "]
        parts = [*parts[:-1], " over ", *_problems(material, draw, name)]
        parts += [f" ({material.label(name)})"]
        unsolved = material.row("histogram", draw=draw, set=name, bin=0)
        if unsolved:
            at = source("histogram", "problems", draw=draw, set=name, bin=0)
            count = unsolved["problems"]
            parts += [", ", Number(str(count), count, at), " unsolved"]
        return [*parts, "; "]
    return []


def _problems(material: Material, draw: str, name: str) -> list[Part]:
    """How many problems a set has."""
    row = material.ends(draw, name)[0]
    at = source("pass_at_k", "problems", draw=draw, set=name, k=row["k"])
    return [Number(str(row["problems"]), row["problems"], at), " problems"]
