"""Claim 1: RL wins at small k, the base model catches up and wins at large k."""

from passk.report.claims.verdict import (
    NOT_SUPPORTED,
    RL_LESS_BASE,
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
from passk.report.html.intervals import crossing_parts


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison of RL and its base, and set."""
    verdicts = []
    comparisons = subjects.by_role.get("rl", ())
    crossings = {
        (comparison, name): rows[0]
        for comparison, name, rows in rows_by_set(results, "crossover", comparisons)
    }
    for comparison, name, rows in rows_by_set(results, "difference", comparisons):
        if (both := ends(rows)) is None:
            continue
        crossing = crossings.get((comparison, name))
        verdict = crossover_verdict(
            limits(both[0]), limits(both[1]), crossing["p_none"] if crossing else None
        )
        evidence = differences(both, RL_LESS_BASE)
        if crossing:
            evidence += ["; ", *crossing_parts(crossing, both[1]["k"])]
        verdicts.append(ClaimVerdict(comparison, name, verdict, tuple(evidence)))
    return verdicts


def crossover_verdict(
    first: Interval, last: Interval, p_none: float | None, thresholds: Thresholds = THRESHOLDS
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


CLAIM = Claim(
    1,
    "base overtakes RL",
    "RL wins at small k; the base model catches up and wins at large k.",
    "Supported where the intervals of RL − base exclude 0 from above at the smallest k and "
    f"from below at the largest, and P(no crossover) ≤ {THRESHOLDS.no_crossover:g}; not "
    "supported where one of them excludes the claimed sign; undecided otherwise.",
    judge,
    roles=("rl",),
)
