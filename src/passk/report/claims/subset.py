"""Claim 2: what RL can solve is nearly a subset of what the base model can."""

from collections.abc import Mapping

from passk.analysis.proportions import wilson
from passk.report.claims.verdict import (
    NOT_SUPPORTED,
    SUPPORTED,
    THRESHOLDS,
    UNDECIDED,
    Claim,
    ClaimSubjects,
    ClaimVerdict,
    Results,
    Thresholds,
    rows_by_set,
)
from passk.report.html.sourced_values import Part, SourcedValue, decimal, source


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison of RL and its base, and set: RL-solvable problems that base never solves."""
    verdicts = []
    for comparison, name, rows in rows_by_set(results, "coverage", subjects.by_role.get("rl", ())):
        sizes = {row["category"]: row["problems"] for row in rows}
        only = sizes.get("candidate_only", 0)
        solvable = only + sizes.get("both", 0)
        evidence = outside(
            {"comparison": comparison, "set": name}, only, solvable, subjects.level, ("RL", "base")
        )
        verdicts.append(
            ClaimVerdict(
                comparison, name, subset_verdict(only, solvable, subjects.level), tuple(evidence)
            )
        )
    return verdicts


def outside(
    key: Mapping[str, str], only: int, solvable: int, level: float, who: tuple[str, str]
) -> list[Part]:
    """How many of the problems that one model solves the other does not, with the share."""
    at = source("coverage", "problems", **key, category="candidate_only")
    all_of_them = source("coverage", "problems", **key, category="both,candidate_only")
    parts: list[Part] = [
        SourcedValue(str(only), only, at),
        " of ",
        SourcedValue(str(solvable), solvable, all_of_them),
        f" {who[0]}-solvable problems are not {who[1]}-solvable",
    ]
    if solvable:
        low, high = wilson(only, solvable, level)
        share, least, most = (
            SourcedValue(decimal(value), value, at) for value in (only / solvable, low, high)
        )
        parts += [": ", share, " [", least, ", ", most, "]"]
    return parts


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
    if high <= thresholds.candidate_only:
        return SUPPORTED
    return NOT_SUPPORTED if low > thresholds.candidate_only else UNDECIDED


CLAIM = Claim(
    2,
    "RL solves a subset",
    "The problems that RL can solve are nearly a subset of those that the base model can.",
    "Share of RL-solvable problems that the base model never solves, Wilson interval: "
    f"supported where it ends at {THRESHOLDS.candidate_only:g} or below, not supported where it "
    "starts above, undecided otherwise. Solvable means solved at least once in n samples.",
    judge,
    roles=("rl",),
)
