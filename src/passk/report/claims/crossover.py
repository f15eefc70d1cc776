"""Claim 1: RL wins at small k, the base model catches up and wins at large k."""

from passk.report.claims.conditions import Condition, combine
from passk.report.claims.ends import (
    FRACTION,
    describe_ends,
    find_ends,
    needs_sign,
    needs_sign_at_large,
)
from passk.report.claims.sizes import size_of_signs
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
from passk.report.html.intervals import format_crossing
from passk.report.html.sourced_values import cite


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison of RL and its base, and set."""
    verdicts = []
    comparisons = subjects.by_role.get("rl", ())
    crossings = {
        (comparison, name): rows[0]
        for comparison, name, rows in group_rows(results, "crossover", comparisons)
    }
    for comparison, name, rows in group_rows(results, "difference", comparisons):
        if (ends := find_ends(rows)) is None:
            continue
        crossing = crossings.get((comparison, name))
        what, level = subjects.difference, subjects.level
        signs = [
            needs_sign(ends.first, 1, what, level),
            *needs_sign_at_large(ends, -1, what, level),
        ]
        crossed = needs_crossover((comparison, name), crossing["p_none"] if crossing else None)
        conditions = [*signs, crossed]
        evidence = describe_ends(ends, what)
        if crossing:
            evidence += ["; ", *format_crossing(crossing, ends.last["n"])]
        verdicts.append(
            conclude(
                (comparison, name),
                combine(conditions, level),
                conditions,
                evidence,
                problems=ends.problems,
                size=size_of_signs(signs, ends.problems, level),
                lacking=ends.lacking,
            )
        )
    return verdicts


def needs_crossover(
    subject: tuple[str, str], p_none: float | None, thresholds: Thresholds = THRESHOLDS
) -> Condition:
    """That the curves cross in nearly all resamples; an unknown share shows nothing."""
    holds = p_none is not None and p_none <= thresholds.no_crossover
    return Condition(
        "P(no crossover)",
        f"at most {thresholds.no_crossover:g}",
        p_none,
        None,
        holds,
        supports=0.0 if holds else 1.0,
        source=cite("crossover", "p_none", comparison=subject[0], set=subject[1]),
    )


CLAIM = Claim(
    1,
    "{base} overtakes {trained}",
    "{trained} wins at small k; {base_model} catches up and wins at large k.",
    "Supported where the interval of {trained} − {base} excludes 0 from above at the smallest k "
    f"and from below at the largest k of at most n/{FRACTION}, {{base_model}} alone solves more "
    "problems in n samples than {trained_model} alone by McNemar’s exact test (mid-p), and "
    f"P(no crossover) ≤ {THRESHOLDS.no_crossover:g}; not supported where one of the two intervals "
    "excludes the claimed sign (at large k only where the test at k = n does not show it); "
    "undecided otherwise.",
    judge,
    roles=("rl",),
)
