"""Differences at small and at large k, as claims judge them.

Small k is the smallest of the grid. Large k is judged twice: at the largest k of at most n / 4,
because intervals exclude 0 too often nearer to n; and at k = n, by McNemar's exact test (mid-p) on
the problems that only one of both draws solves. A claim that needs a sign at large k needs both.
A sign at k up to n / 4 is shown where the interval excludes 0 and a test by sign flips agrees: the
interval is for problems like these, the test keeps its level for two draws of one model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from passk.analysis.questions.tracing import ResultRow
from passk.report.claims.conditions import Condition, Estimate
from passk.report.html.intervals import format_interval
from passk.report.html.sourced_values import Part, SourcedValue, cite, format_decimal

FRACTION = 4  # of n, the samples: intervals are judged up to n / 4
FEWEST = 2 * FRACTION  # samples below which no k is large


@dataclass(frozen=True)
class JudgedEnds:
    """Rows of `difference` of one comparison and set.

    Attributes:
        first: at the smallest k.
        large: at the largest k of at most n / 4; None where none is above the smallest.
        last: at the largest k of the grid, with McNemar's test at k = n.
        judged: all rows up to n / 4.
    """

    first: ResultRow
    large: ResultRow | None
    last: ResultRow
    judged: Sequence[ResultRow]

    @property
    def problems(self) -> int:
        """How many the set has."""
        return int(self.first["problems"])

    @property
    def lacking(self) -> str:
        """What a verdict needs, other than problems; empty where nothing is lacking."""
        if self.first["n"] < FEWEST:
            return f"{FEWEST} samples of each problem or more, not {self.first['n']}"
        if self.large is None:
            return f"a k above {self.first['k']} and of at most n / {FRACTION} in analysis.k"
        if self.last["mid_p"] is None:
            return "as many samples of each problem by both draws"
        return ""


def find_ends(rows: Sequence[ResultRow]) -> JudgedEnds | None:
    """The rows that claims are judged on; None where there is one k only."""
    ordered = sorted(rows, key=lambda row: int(row["k"]))
    if len(ordered) < 2:
        return None
    first, last = ordered[0], ordered[-1]
    judged = [row for row in ordered if row["k"] * FRACTION <= row["n"]]
    large = judged[-1] if len(judged) > 1 else None
    return JudgedEnds(first, large, last, judged)


def estimate_at(row: ResultRow, name: str, level: float) -> Estimate:
    """The difference at one k with its interval.

    Args:
        row: of `difference`.
        name: what the difference is called.
        level: of the interval.
    """
    source = cite("difference", "difference", **_key(row))
    columns = ("difference", "low", "high")
    return Estimate.of(row, columns, f"{name} at k = {row['k']}", level, source)


def needs_sign(row: ResultRow, sign: int, name: str, level: float) -> Condition:
    """That one draw is ahead at one k: by the interval and by sign flips, both.

    Args:
        row: of `difference`.
        sign: 1 where the candidate has to be ahead, -1 where the reference has to.
        name: what the difference is called.
        level: of both tests.
    """
    estimate = estimate_at(row, name, level)
    condition = estimate.above() if sign > 0 else estimate.below()
    p, apart = float(row["flip_p"]), row["flip_p"] <= 1.0 - level
    return replace(
        condition,
        holds=condition.holds and apart,
        fails=condition.fails and apart,
        supports=max(condition.supports, p) if condition.supports < 1.0 else 1.0,
        refutes=max(condition.refutes, p),
    )


def find_lead(row: ResultRow, level: float) -> int:
    """Who is ahead at one k: 1 the candidate, -1 the reference, 0 where it cannot be told.

    By McNemar's test at k = n, by the interval and sign flips at any other k.
    """
    ahead = (row["difference"] > 0) - (row["difference"] < 0)
    if row["k"] == row["n"] and row["mid_p"] is not None:
        return ahead if row["mid_p"] <= 1.0 - level else 0
    return ahead if ahead and needs_sign(row, ahead, "", level).holds else 0


def needs_sign_at_large(ends: JudgedEnds, sign: int, name: str, level: float) -> list[Condition]:
    """The two conditions of a sign at large k; without a large k the first does not hold.

    An interval with the other sign refutes it, unless McNemar's test shows the sign at k = n: then
    the curves cross between n / 4 and n, and the claim is open.

    Args:
        ends: rows of a comparison and set.
        sign: 1 where the candidate has to be ahead, -1 where the reference has to.
        name: what the difference is called.
        level: of the tests.
    """
    at_n = needs_sign_at_n(ends, sign, name, level)
    if ends.large is None:  # nothing is known there, which is no reason to pass it over
        side = "above" if sign > 0 else "below"
        unknown = f"{name} at a k of at most n/{FRACTION}"
        return [Condition(unknown, f"{side} 0", None, None, holds=False), at_n]
    at_large = needs_sign(ends.large, sign, name, level)
    return [replace(at_large, fails=at_large.fails and not at_n.holds), at_n]


def needs_sign_at_n(ends: JudgedEnds, sign: int, name: str, level: float) -> Condition:
    """That more problems are solved by one draw alone, in n samples, than by the other alone."""
    row = ends.last
    p, more, fewer = row["mid_p"], row["candidate_only"], row["reference_only"]
    ahead = 0 if p is None else sign * (more - fewer)
    return Condition(
        f"{name} in problems solved at k = n = {row['n']}",
        f"{'above' if sign > 0 else 'below'} 0 by McNemar's test",
        None if p is None else float(more - fewer) / row["problems"],
        None,
        ahead > 0 and p <= 1.0 - level,
        supports=p if ahead > 0 else 1.0,
        source=cite("difference", "mid_p", **_key(row)),
    )


def describe_ends(ends: JudgedEnds, name: str) -> list[Part]:
    """Differences at small and large k with their intervals, and McNemar's test, as evidence."""
    parts: list[Part] = []
    for row in filter(None, (ends.first, ends.large)):
        parts += ["; " if parts else "", f"{name} at k = {row['k']}: "]
        parts += format_interval("difference", "difference", row, _key(row), signed=True)
    return [*parts, "; ", *describe_at_n(ends.last)]


def describe_at_n(row: ResultRow) -> list[Part]:
    """McNemar's test in the row of the largest k."""
    if row["mid_p"] is None:
        return [f"at k = n = {row['n']} not tested, as the draws differ in n"]
    more, fewer = (
        SourcedValue(str(row[column]), row[column], cite("difference", column, **_key(row)))
        for column in ("candidate_only", "reference_only")
    )
    p = SourcedValue(format_p(row["mid_p"]), row["mid_p"], cite("difference", "mid_p", **_key(row)))
    solved = " problems solved by one alone (mid-p = "
    return [f"at k = n = {row['n']}: ", more, " against ", fewer, solved, p, ")"]


def format_p(value: float) -> str:
    """A p-value in two digits.

    Example:
        >>> format_p(0.03125), format_p(2e-9), format_p(1.0)
        ('0.031', '2.0e-09', '1')
    """
    if value >= 0.995:
        return "1"
    return f"{value:.1e}" if value < 0.0005 else format_decimal(value)


def _key(row: ResultRow) -> dict[str, object]:
    return {"comparison": row["comparison"], "set": row["set"], "k": row["k"]}
