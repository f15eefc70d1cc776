"""Claim 7: distillation lifts the curve at every k, and solves problems that the base does not."""

from collections.abc import Mapping, Sequence
from typing import Any

from passk.analysis.proportions import sign_test
from passk.report.claims.subset import outside, subset_verdict
from passk.report.claims.verdict import (
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Claim,
    ClaimSubjects,
    ClaimVerdict,
    Interval,
    Results,
    differences,
    rows_by_set,
)
from passk.report.html.sourced_values import MINUS, Part, SourcedValue, source


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison of the base and the distilled model, and set."""
    verdicts = []
    comparisons = subjects.by_role.get("distilled", ())
    covered = {
        (comparison, name): rows
        for comparison, name, rows in rows_by_set(results, "coverage", comparisons)
    }
    for comparison, name, rows in rows_by_set(results, "difference", comparisons):
        coverage = {row["category"]: row for row in covered.get((comparison, name), ())}
        sizes = {category: row["problems"] for category, row in coverage.items()}
        only = sizes.get("candidate_only", 0)
        solvable = only + sizes.get("both", 0)
        certain = coverage["candidate_only"]["certain"] if coverage else 0
        verdict = distillation_verdict(
            [(row["low"], row["high"]) for row in rows],
            [(row["band_low"], row["band_high"]) for row in rows],
            goes_beyond(certain, only, sizes.get("reference_only", 0), subjects.level),
            subset_verdict(only, solvable, subjects.level) == SUPPORTED,
        )
        evidence = _evidence(rows, coverage, subjects.level)
        verdicts.append(ClaimVerdict(comparison, name, verdict, tuple(evidence)))
    return verdicts


def _evidence(
    rows: Sequence[Mapping[str, Any]], coverage: Mapping[str, Mapping[str, Any]], level: float
) -> list[Part]:
    """The k at which the difference is least certain, and the problems beyond the base."""
    least = min(rows, key=lambda row: float(row["low"]))
    above = sum(row["low"] > 0 for row in rows)
    parts: list[Part] = [f"above the base by the interval at {above} of {len(rows)} k; "]
    parts += [*differences([least], f"least certain, distilled {MINUS} base")]
    if "candidate_only" not in coverage:
        return parts
    only = coverage["candidate_only"]
    key = {"comparison": least["comparison"], "set": least["set"]}
    solvable = only["problems"] + coverage["both"]["problems"]
    at = source("coverage", "certain", **key, category="candidate_only")
    parts += ["; ", *outside(key, only["problems"], solvable, level, ("distilled", "base"))]
    parts += ["; by more than luck: ", SourcedValue(str(only["certain"]), only["certain"], at)]
    back = coverage["reference_only"]["problems"]
    other = source("coverage", "problems", **key, category="reference_only")
    chance = sign_test(only["problems"], back)
    sides = source("coverage", "problems", **key, category="reference_only,candidate_only")
    parts += ["; base only: ", SourcedValue(str(back), back, other)]
    return [*parts, ", sign test p = ", SourcedValue(f"{chance:.2g}", chance, sides)]


def goes_beyond(certain: int, only: int, back: int, level: float) -> bool:
    """Whether a model solves problems that the base does not, by more than luck.

    Args:
        certain: problems that pass the exact test, problem by problem.
        only: problems that only the model solves.
        back: problems that only the base solves.
        level: each of the two tests is made at half of 1 - level.

    Example:
        >>> goes_beyond(1, 3, 3, 0.95), goes_beyond(0, 6, 0, 0.95), goes_beyond(0, 5, 0, 0.95)
        (True, True, False)
    """
    return certain >= 1 or sign_test(only, back) <= (1 - level) / 2


def distillation_verdict(
    intervals: Sequence[Interval], bands: Sequence[Interval], beyond: bool, subset: bool
) -> str:
    """Verdict from distilled - base at every k, and from the problems that only it solves.

    Args:
        intervals: limits of the difference at each k.
        bands: limits that hold at every k at once.
        beyond: whether the distilled model solves problems that the base does not; `goes_beyond`.
        subset: whether what it solves is nearly a subset of what the base solves.

    Example:
        >>> distillation_verdict([(0.1, 0.2)], [(0.05, 0.25)], True, False)
        'supported'
        >>> distillation_verdict([(0.1, 0.2)], [(0.05, 0.25)], False, False)
        'undecided'
        >>> distillation_verdict([(-0.2, -0.1)], [(-0.3, -0.05)], True, False)
        'not supported'
    """
    if subset or any(high < 0 for _, high in bands):
        return NOT_SUPPORTED
    above = bool(intervals) and all(low > 0 for low, _ in intervals)
    return SUPPORTED if above and beyond else UNDECIDED


CLAIM = Claim(
    7,
    "distillation goes beyond",
    "Distillation lifts the curve at every k and solves problems that the base model does not.",
    "Supported where the interval of distilled − base excludes 0 from above at every k, and "
    "problems that the base never solves are solved by more than luck: at least one by an exact "
    "test per problem (Holm's correction over the set), or more of them than the base solves "
    "alone by a sign test, each one-sided at half of 1 − level; not supported where limits that "
    "hold at every k at once show the base ahead at some k, or where the distilled model solves "
    "nearly a subset (claim 2); undecided otherwise, as it must be where both models reach the "
    "ceiling.",
    judge,
    roles=("distilled",),
)
