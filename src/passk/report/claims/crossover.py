"""Claim 1: RL wins at small k, the base model catches up and wins at large k."""

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
    find_ends,
    find_sign,
    get_limits,
    group_rows,
    list_differences,
)
from passk.report.html.intervals import format_crossing


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison of RL and its base, and set."""
    verdicts = []
    comparisons = subjects.by_role.get("rl", ())
    crossings = {
        (comparison, name): rows[0]
        for comparison, name, rows in group_rows(results, "crossover", comparisons)
    }
    for comparison, name, rows in group_rows(results, "difference", comparisons):
        if (both := find_ends(rows)) is None:
            continue
        crossing = crossings.get((comparison, name))
        verdict = decide_crossover(
            get_limits(both[0]), get_limits(both[1]), crossing["p_none"] if crossing else None
        )
        evidence = list_differences(both, subjects.difference)
        if crossing:
            evidence += ["; ", *format_crossing(crossing, both[1]["k"])]
        verdicts.append(ClaimVerdict(comparison, name, verdict, tuple(evidence)))
    return verdicts


def decide_crossover(
    first: Interval, last: Interval, p_none: float | None, thresholds: Thresholds = THRESHOLDS
) -> str:
    """Verdict from the intervals of RL - base at the smallest and the largest k.

    Example:
        >>> decide_crossover((0.1, 0.2), (-0.3, -0.1), 0.0)
        'supported'
        >>> decide_crossover((0.1, 0.2), (0.05, 0.1), 1.0)
        'not supported'
        >>> decide_crossover((0.1, 0.2), (-0.1, 0.1), 0.5)
        'undecided'
    """
    early, late = find_sign(*first), find_sign(*last)
    if early < 0 or late > 0:
        return NOT_SUPPORTED
    crosses = p_none is not None and p_none <= thresholds.no_crossover
    return SUPPORTED if early > 0 and late < 0 and crosses else UNDECIDED


CLAIM = Claim(
    1,
    "{base} overtakes {trained}",
    "{trained} wins at small k; {base_model} catches up and wins at large k.",
    "Supported where the intervals of {trained} − {base} exclude 0 from above at the smallest k "
    f"and from below at the largest, and P(no crossover) ≤ {THRESHOLDS.no_crossover:g}; not "
    "supported where one of them excludes the claimed sign; undecided otherwise.",
    judge,
    roles=("rl",),
)
