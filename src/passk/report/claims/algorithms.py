"""Claim 4: RL algorithms differ little, and their sampling efficiency gap stays large."""

from collections.abc import Mapping
from math import nan

from passk.analysis.questions.tracing import ResultRow
from passk.report.claims.conditions import Condition, Estimate, combine
from passk.report.claims.ends import FEWEST, FRACTION
from passk.report.claims.sizes import SizeNeeded, size_of_range, size_of_signs
from passk.report.claims.verdict import (
    THRESHOLDS,
    Claim,
    ClaimSubjects,
    ClaimVerdict,
    Results,
    Thresholds,
    conclude,
    group_rows,
)
from passk.report.html.intervals import format_interval
from passk.report.html.sourced_values import Part, SourcedValue, cite, format_decimal

REFUTING = 3  # one-sided tests that may refute: two spreads and the smallest gap
GAP, LARGE, CLOSED = "efficiency_gap", "pass_at_k", "closed"  # quantities of the table `spread`
_NAMES = {GAP: "ΔSE at k = {}", LARGE: "pass@{}", CLOSED: "share of the gap closed"}


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per group of algorithms and set."""
    verdicts = []
    groups, level = subjects.by_role.get("algorithms", ()), subjects.level
    for group, name, rows in group_rows(results, "spread", groups, "group"):
        by_quantity = {row["quantity"]: row for row in rows}
        if GAP not in by_quantity:
            continue
        conditions = list_conditions(by_quantity, level)
        lacking = "" if LARGE in by_quantity else f"{FEWEST} samples of each problem or more"
        verdicts.append(
            conclude(
                (group, name),
                combine(conditions, level, REFUTING),
                conditions,
                _evidence(by_quantity),
                problems=by_quantity[GAP]["problems"],
                size=find_size(by_quantity, conditions, level),
                lacking=lacking,
            )
        )
    return verdicts


def list_conditions(
    rows: Mapping[str, ResultRow], level: float, thresholds: Thresholds = THRESHOLDS
) -> list[Condition]:
    """The arms are alike at small and at large k, and the smallest gap is large.

    Args:
        rows: of `spread` by quantity.
        level: of their simultaneous limits.
        thresholds: what is alike, and what is large.
    """
    spreads = [
        _estimate(rows[quantity], "spread", ("spread", "low", "high"), level).at_most(
            thresholds.alike
        )
        for quantity in (GAP, LARGE)
        if quantity in rows
    ]
    if LARGE not in rows:
        words = f"spread of pass@k at a k of at most n/{FRACTION}"
        spreads.append(Condition(words, f"at most {thresholds.alike:g}", None, None, holds=False))
    columns = ("smallest", "smallest_low", "smallest_high")
    smallest = _estimate(rows[GAP], "smallest", columns, level)
    return [*spreads, smallest.above(thresholds.large)]


def _estimate(row: ResultRow, what: str, columns: tuple[str, str, str], level: float) -> Estimate:
    name = f"{what} of {_name(row)}"
    return Estimate.of(row, columns, name, level, cite("spread", columns[0], **_key(row)))


def find_size(
    rows: Mapping[str, ResultRow], conditions: list[Condition], level: float
) -> SizeNeeded:
    """Problems with which equal arms are shown to be alike, and the gap to be as large as seen."""
    sizes = [
        size_of_range(row["noise"], THRESHOLDS.alike, row["comparisons"], row["problems"], level)
        for quantity, row in rows.items()
        if quantity in (GAP, LARGE)
    ]
    gap = size_of_signs(conditions[-1:], rows[GAP]["problems"], level)
    least = max(size.least for size in sizes)
    power = max(size.power or 0 for size in sizes)
    assuming = "nothing differs, and the gap is as large as here"
    return SizeNeeded(least, None if gap.power is None else max(power, gap.power), assuming)


def _evidence(rows: Mapping[str, ResultRow]) -> list[Part]:
    parts: list[Part] = []
    for quantity in (GAP, LARGE):
        if (row := rows.get(quantity)) is None:
            continue
        parts += [
            "; " if parts else "", f"{_name(row)} of {row['comparisons']} algorithms spans ",
            *format_interval("spread", "spread", row, _key(row)),
            ", of which noise alone would give up to ", _number(row, "noise"),
        ]  # fmt: skip
    limits = ("smallest_low", "smallest_high")
    gap = rows[GAP]
    parts += ["; smallest ΔSE "]
    parts += format_interval("spread", "smallest", gap, _key(gap), signed=True, limits=limits)
    if (closed := rows.get(CLOSED)) is not None:
        largest = ("largest_low", "largest_high")
        parts += [f"; {_NAMES[CLOSED]} at k = 1 from "]
        parts += format_interval("spread", "smallest", closed, _key(closed), limits=limits)
        parts += [" to "]
        parts += format_interval("spread", "largest", closed, _key(closed), limits=largest)
    return parts


def _name(row: ResultRow) -> str:
    return _NAMES[row["quantity"]].format(row["k"])


def _key(row: ResultRow) -> dict[str, object]:
    return {name: row[name] for name in ("group", "set", "quantity")}


def _number(row: ResultRow, column: str) -> SourcedValue:
    value = row[column] if row[column] is not None else nan
    return SourcedValue(format_decimal(value), row[column], cite("spread", column, **_key(row)))


CLAIM = Claim(
    4,
    "algorithms alike, ΔSE large",
    "RL algorithms differ little, and their sampling efficiency gap ΔSE stays large.",
    f"Supported where the spread over the algorithms is at most {THRESHOLDS.alike:g} both of ΔSE "
    "(which is that of pass@1, as all start from one base) and of pass@k at the largest k of at "
    f"most n/{FRACTION}, and the smallest ΔSE is above {THRESHOLDS.large:g}, all by limits that "
    "hold for all algorithms at once (Tukey’s range, from the bootstrap); not supported where such "
    "limits exclude one of the three, with Bonferroni’s correction for three; undecided otherwise. "
    f"The paper’s own spread of ΔSE in domain is 0.043; {THRESHOLDS.large:g} is its text’s “above "
    "40 points”, which its own MATH500 does not reach. Shown beside it, and deciding nothing, as "
    "the paper names no threshold: the share of the gap closed at k = 1, (RL@1 − base@1) / "
    "(base@K − base@1), which is free of scale; from the paper’s table 23 to 30% in domain "
    "and 63 to 67% on MATH500.",
    judge,
    roles=("algorithms",),
    of_groups=True,
)
