"""Claim 6: more rollouts help large k a little; a KL penalty hurts it at the same pass@1."""

from passk.report.claims.verdict import (
    NOT_SUPPORTED,
    SUPPORTED,
    THRESHOLDS,
    UNDECIDED,
    Claim,
    ClaimSubjects,
    ClaimVerdict,
    Interval,
    Results,
    Thresholds,
    differences,
    ends,
    limits,
    rows_by_set,
    sign,
)
from passk.report.html.sourced_values import MINUS


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison (few and many rollouts; without and with a KL penalty) and set."""
    verdicts = []
    rollouts, penalties = (subjects.by_role.get(role, ()) for role in ("rollouts", "kl"))
    for comparison, name, rows in rows_by_set(results, "difference", rollouts):
        if (both := ends(rows)) is not None:
            evidence = differences(both, f"more rollouts {MINUS} fewer")
            verdict = rollouts_verdict(limits(both[1]))
            verdicts.append(ClaimVerdict(comparison, name, verdict, tuple(evidence), "rollouts"))
    for comparison, name, rows in rows_by_set(results, "difference", penalties):
        if (both := ends(rows)) is not None:
            evidence = differences(both, f"with KL penalty {MINUS} without")
            verdict = kl_verdict(limits(both[0]), limits(both[1]))
            verdicts.append(ClaimVerdict(comparison, name, verdict, tuple(evidence), "KL"))
    return verdicts


def rollouts_verdict(last: Interval, thresholds: Thresholds = THRESHOLDS) -> str:
    """Verdict from the interval of more - fewer rollouts at the largest k.

    Example:
        >>> rollouts_verdict((0.01, 0.05)), rollouts_verdict((-0.05, -0.01))
        ('supported', 'not supported')
        >>> rollouts_verdict((-0.01, 0.05)), rollouts_verdict((0.2, 0.3))  # much is not a little
        ('undecided', 'not supported')
    """
    if last[1] < 0 or last[0] > thresholds.little:
        return NOT_SUPPORTED
    return SUPPORTED if last[0] > 0 else UNDECIDED


def kl_verdict(first: Interval, last: Interval, thresholds: Thresholds = THRESHOLDS) -> str:
    """Verdict from the intervals of with - without KL penalty at the smallest and largest k.

    Example:
        >>> kl_verdict((-0.02, 0.03), (-0.3, -0.1)), kl_verdict((-0.02, 0.03), (0.1, 0.2))
        ('supported', 'not supported')
        >>> kl_verdict((-0.2, 0.03), (-0.3, -0.1)), kl_verdict((-0.3, -0.1), (-0.3, -0.1))
        ('undecided', 'not supported')
    """
    differs = first[0] > thresholds.same or first[1] < -thresholds.same
    if differs or last[0] > 0:
        return NOT_SUPPORTED
    same = -thresholds.same <= first[0] and first[1] <= thresholds.same
    return SUPPORTED if same and sign(*last) < 0 else UNDECIDED


CLAIM = Claim(
    6,
    "rollouts help a little, KL hurts",
    "More rollouts per prompt help large k a little; a KL penalty hurts it at the same pass@1.",
    "Rollouts: supported where the interval of the difference at the largest k excludes 0 from "
    f"above and does not lie wholly above {THRESHOLDS.little:g}; not supported where it excludes 0 "
    "from below, or lies there. KL: supported where the interval at the smallest k lies within "
    f"±{THRESHOLDS.same:g} and that at the largest k excludes 0 from below; not supported where "
    f"the first lies beyond ±{THRESHOLDS.same:g} or the second excludes 0 from above; undecided "
    "otherwise. That matched entropy does not explain the gap is not tested here.",
    judge,
    roles=("rollouts", "kl"),
)
