"""The paper's claims, judged: result tables in, verdicts with intervals out.

A claim may come out `not supported`, and `undecided` where an interval does not exclude what would
decide it. Every threshold stands in `THRESHOLDS`, and the page prints it. A later claim is one more
function and one more entry of `CLAIMS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from passk.analysis.statistics import wilson
from passk.report.numbers import MINUS, Number, Part, attempts, decimal, source

SUPPORTED, NOT_SUPPORTED, UNDECIDED = "supported", "not supported", "undecided"

Results = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Thresholds:
    """What decides a claim, fixed before any result was seen.

    Attributes:
        no_crossover: claim 1: P(no crossover) may be at most this.
        rl_only: claim 2: at most this share of the RL-solvable problems may be beyond the base.
    """

    no_crossover: float = 0.05
    rl_only: float = 0.05


THRESHOLDS = Thresholds()


@dataclass(frozen=True)
class Verdict:
    """A verdict on one claim for one pair and set, with the numbers behind it."""

    pair: str
    set: str
    verdict: str
    evidence: tuple[Part, ...]


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        number: its number in the list of claims.
        statement: what the paper says.
        rule: what decides, in words.
        judge: (result tables, level of intervals) -> verdicts, none where data are absent.
    """

    number: int
    statement: str
    rule: str
    judge: Callable[[Results, float], list[Verdict]]


def sign(low: float, high: float) -> int:
    """1 or -1 where an interval excludes 0, else 0; an interval that ends at 0 includes it.

    Example:
        >>> sign(0.1, 0.2), sign(-0.2, -0.1), sign(0.0, 0.2)
        (1, -1, 0)
    """
    return (low > 0) - (high < 0)


def crossover(results: Results, level: float) -> list[Verdict]:
    """Claim 1, per pair and set: RL ahead at the smallest k, the base model at the largest."""
    del level  # the tables hold intervals already
    found = []
    for pair, name in _cells(results, "difference"):
        rows = _rows(results, "difference", pair, name)
        if len(rows) < 2:
            continue
        first, last = min(rows, key=_attempts_of), max(rows, key=_attempts_of)
        crossing = next(iter(_rows(results, "crossover", pair, name)), None)
        verdict = crossover_verdict(
            (first["low"], first["high"]),
            (last["low"], last["high"]),
            crossing["p_none"] if crossing else None,
        )
        evidence: list[Part] = []
        for row in (first, last):
            key = {"pair": pair, "set": name, "k": row["k"]}
            evidence += [f"RL {MINUS} base at k = {row['k']}: "]
            evidence += interval("difference", "difference", row, key, signed=True)
            evidence += ["; "]
        if crossing:
            evidence += crossing_parts(crossing, last["k"])
        found.append(Verdict(pair, name, verdict, tuple(_trim(evidence))))
    return found


def crossover_verdict(
    first: tuple[float, float],
    last: tuple[float, float],
    p_none: float | None,
    thresholds: Thresholds = THRESHOLDS,
) -> str:
    """Verdict from the intervals of RL - base at the smallest and the largest k.

    Example:
        >>> crossover_verdict((0.1, 0.2), (-0.3, -0.1), 0.0)
        'supported'
        >>> crossover_verdict((0.1, 0.2), (0.05, 0.1), 1.0)
        'not supported'
        >>> crossover_verdict((0.1, 0.2), (-0.1, 0.1), 0.5)
        'undecided'
    """
    early, late = sign(*first), sign(*last)
    if early < 0 or late > 0:
        return NOT_SUPPORTED
    crosses = p_none is not None and p_none <= thresholds.no_crossover
    return SUPPORTED if early > 0 and late < 0 and crosses else UNDECIDED


def subset(results: Results, level: float) -> list[Verdict]:
    """Claim 2, per pair and set: the share of RL-solvable problems that the base never solves."""
    found = []
    for pair, name in _cells(results, "coverage"):
        sizes = {r["category"]: r["problems"] for r in _rows(results, "coverage", pair, name)}
        only, solvable = sizes.get("rl_only", 0), sizes.get("rl_only", 0) + sizes.get("both", 0)
        verdict = subset_verdict(only, solvable, level)
        key = {"pair": pair, "set": name, "category": "rl_only"}
        evidence: list[Part] = [
            Number(str(only), only, source("coverage", "problems", **key)),
            " of ",
            Number(
                str(solvable),
                solvable,
                source("coverage", "problems", pair=pair, set=name, category="both,rl_only"),
            ),
            " RL-solvable problems are not base-solvable",
        ]
        if solvable:
            low, high = wilson(only, solvable, level)
            at = source("coverage", "problems", **key)
            evidence += [
                ": ",
                Number(decimal(only / solvable), only / solvable, at),
                " [",
                Number(decimal(low), low, at),
                ", ",
                Number(decimal(high), high, at),
                "]",
            ]
        found.append(Verdict(pair, name, verdict, tuple(evidence)))
    return found


def subset_verdict(
    only: int, solvable: int, level: float = 0.95, thresholds: Thresholds = THRESHOLDS
) -> str:
    """Verdict from how many of the RL-solvable problems the base model does not solve.

    Example:
        >>> subset_verdict(0, 200), subset_verdict(40, 200), subset_verdict(2, 40)
        ('supported', 'not supported', 'undecided')
    """
    if solvable == 0:
        return UNDECIDED  # the empty set is a subset of all; that says nothing
    low, high = wilson(only, solvable, level)
    if high <= thresholds.rl_only:
        return SUPPORTED
    return NOT_SUPPORTED if low > thresholds.rl_only else UNDECIDED


CLAIMS = (
    Claim(
        1,
        "RL wins at small k; the base model catches up and wins at large k.",
        "Supported where the intervals of RL − base exclude 0 from above at the smallest k and "
        f"from below at the largest, and P(no crossover) ≤ {THRESHOLDS.no_crossover:g}; not "
        "supported where one of them excludes the claimed sign; undecided otherwise.",
        crossover,
    ),
    Claim(
        2,
        "The problems that RL can solve are nearly a subset of those that the base model can.",
        "Share of RL-solvable problems that the base model never solves, Wilson interval: "
        f"supported where it ends at {THRESHOLDS.rl_only:g} or below, not supported where it "
        "starts above, undecided otherwise. Solvable means solved at least once in n samples.",
        subset,
    ),
)


def interval(
    table: str, column: str, row: Mapping[str, Any], key: Mapping[str, Any], signed: bool = False
) -> list[Part]:
    """An estimate with its limits in brackets, each with its source."""

    def number(name: str) -> Number:
        return Number(decimal(row[name], signed=signed), row[name], source(table, name, **key))

    return [number(column), " [", number("low"), ", ", number("high"), "]"]


def crossing_parts(row: Mapping[str, Any], largest: int) -> list[Part]:
    """The crossover with its limits and P(no crossover), or that there is none."""
    key = {"pair": row["pair"], "set": row["set"]}

    def number(name: str, text: str) -> Number:
        return Number(text, row[name], source("crossover", name, **key))

    none: list[Part] = ["P(no crossover) = ", number("p_none", decimal(row["p_none"]))]
    if row["crossover_k"] is None:
        return [number("crossover_k", "no crossover"), f" up to k = {largest}, ", *none]
    limits: list[Part] = [
        " [", number("low", attempts(row["low"], largest)),
        ", ", number("high", attempts(row["high"], largest)), "], ",
    ]  # fmt: skip
    return [
        "crossover at k = ",
        number("crossover_k", attempts(row["crossover_k"])),
        *limits,
        *none,
    ]


def _cells(results: Results, question: str) -> Sequence[tuple[str, str]]:
    """Pairs and sets of a table, in its order."""
    if question not in results:
        return []
    return list(results[question].select("pair", "set").unique(maintain_order=True).iter_rows())


def _rows(results: Results, question: str, pair: str, name: str) -> list[dict[str, Any]]:
    if question not in results:
        return []
    table = results[question].filter(pl.col("pair") == pair, pl.col("set") == name)
    return list(table.iter_rows(named=True))


def _attempts_of(row: Mapping[str, Any]) -> int:
    return int(row["k"])


def _trim(parts: list[Part]) -> list[Part]:
    return parts[:-1] if parts and parts[-1] == "; " else parts
