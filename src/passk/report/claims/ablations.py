"""Claim 6: more rollouts help large k a little; a KL penalty hurts it at the same pass@1."""

from dataclasses import replace

from passk.report.claims.conditions import Condition, Estimate, combine
from passk.report.claims.ends import (
    FRACTION,
    JudgedEnds,
    describe_ends,
    estimate_at,
    find_ends,
    needs_sign_at_large,
)
from passk.report.claims.sizes import SizeNeeded, size_of_equality, size_of_signs
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
from passk.report.html.sourced_values import MINUS

_ROLLOUTS, _KL = f"more rollouts {MINUS} fewer", f"with KL penalty {MINUS} without"


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison (few and many rollouts; without and with a KL penalty) and set."""
    level = subjects.level
    rollouts, penalties = (subjects.by_role.get(role, ()) for role in ("rollouts", "kl"))
    judged = []
    for comparison, name, rows in group_rows(results, "difference", rollouts):
        if (ends := find_ends(rows)) is not None:
            conditions = need_little(ends, level)
            size = size_of_signs(conditions[:2], ends.problems, level)
            judged.append(((comparison, name), ends, conditions, _ROLLOUTS, "rollouts", size))
    for comparison, name, rows in group_rows(results, "difference", penalties):
        if (ends := find_ends(rows)) is not None:
            conditions = need_harm(ends, level)
            size = _size_of_harm(ends, conditions, level)
            judged.append(((comparison, name), ends, conditions, _KL, "KL", size))
    return [
        conclude(
            subject,
            combine(conditions, level),
            conditions,
            describe_ends(ends, what),
            part=part,
            problems=ends.problems,
            size=size,
            lacking=ends.lacking,
        )
        for subject, ends, conditions, what, part, size in judged
    ]


def need_little(
    ends: JudgedEnds, level: float, thresholds: Thresholds = THRESHOLDS
) -> list[Condition]:
    """More rollouts are ahead at large k, and by no more than a little."""
    signs = needs_sign_at_large(ends, 1, _ROLLOUTS, level)
    if ends.large is None:
        return signs
    much = estimate_at(ends.large, _ROLLOUTS, level).at_most(thresholds.little)
    # "A little" is not shown but not excluded: it fails where the whole interval lies above.
    words = f"not shown to be above {thresholds.little:g}"
    return [*signs, replace(much, needs=words, holds=not much.fails, supports=0.0)]


def need_harm(
    ends: JudgedEnds, level: float, thresholds: Thresholds = THRESHOLDS
) -> list[Condition]:
    """The penalty leaves pass@1 as it is and is behind at large k."""
    first = estimate_at(ends.first, _KL, level).within(thresholds.same)
    return [first, *needs_sign_at_large(ends, -1, _KL, level)]


def _size_of_harm(ends: JudgedEnds, conditions: list[Condition], level: float) -> SizeNeeded:
    """Problems that show pass@1 to be the same, and the difference at large k as it is seen."""
    first: Estimate = estimate_at(ends.first, _KL, level)
    half = (first.high - first.low) / 2
    same = size_of_equality(half, THRESHOLDS.same, ends.problems, level)
    signs = size_of_signs(conditions[1:], ends.problems, level)
    least = max(same.least, signs.least)
    if same.power is None or (signs.power is None and conditions[1:]):
        return SizeNeeded(least, same.power, "pass@1 is the same, and large k is behind")
    return SizeNeeded(
        least,
        max(same.power, signs.power or 0),
        "pass@1 is the same, and large k is as far behind as here",
    )


CLAIM = Claim(
    6,
    "rollouts help a little, KL hurts",
    "More rollouts per prompt help large k a little; a KL penalty hurts it at the same pass@1.",
    f"Large k: the largest of at most n/{FRACTION}, by its interval, and k = n, by McNemar’s exact "
    "test of the problems that one of both alone solves. Rollouts: supported where both show more "
    f"rollouts ahead and the interval does not lie wholly above {THRESHOLDS.little:g}; not "
    "supported where it excludes 0 from below, or lies there. KL: supported where the interval at "
    f"the smallest k lies within ±{THRESHOLDS.same:g} and both show the penalty behind at large k; "
    f"not supported where the first lies beyond ±{THRESHOLDS.same:g} or the second excludes 0 from "
    "above (at large k only where the test at k = n does not show the claimed sign); undecided "
    "otherwise. That matched entropy does not explain the gap is not tested here.",
    judge,
    roles=("rollouts", "kl"),
)
