"""Claim 5: longer RL raises pass@1 and lowers pass@k at large k."""

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
    ends,
    limits,
    rows_by_set,
    sign,
)
from passk.report.html.sourced_values import MINUS


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison of an early and a late checkpoint of one arm, and set."""
    verdicts = []
    for comparison, name, rows in rows_by_set(
        results, "difference", subjects.by_role.get("longer", ())
    ):
        if (both := ends(rows)) is None:
            continue
        verdict = longer_verdict(limits(both[0]), limits(both[1]))
        evidence = differences(both, f"last {MINUS} first checkpoint")
        verdicts.append(ClaimVerdict(comparison, name, verdict, tuple(evidence)))
    return verdicts


def longer_verdict(first: Interval, last: Interval) -> str:
    """Verdict from the intervals of late - early at the smallest and the largest k.

    Example:
        >>> longer_verdict((0.1, 0.2), (-0.2, -0.1)), longer_verdict((0.1, 0.2), (0.1, 0.2))
        ('supported', 'not supported')
        >>> longer_verdict((0.1, 0.2), (-0.1, 0.1))
        'undecided'
    """
    early, late = sign(*first), sign(*last)
    if early < 0 or late > 0:
        return NOT_SUPPORTED
    return SUPPORTED if early > 0 and late < 0 else UNDECIDED


CLAIM = Claim(
    5,
    "longer RL narrows",
    "Longer RL training raises pass@1 and lowers pass@256.",
    "Last against first checkpoint, paired by problem: supported where the interval at the "
    "smallest k excludes 0 from above and that at the largest k from below; not supported where "
    "one of them excludes the claimed sign; undecided otherwise.",
    judge,
    roles=("longer",),
)
