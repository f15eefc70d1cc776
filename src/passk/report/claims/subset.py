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
    group_rows,
)
from passk.report.html.sourced_values import Part, SourcedValue, cite, format_decimal


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison of RL and its base, and set: RL-solvable problems that base never solves."""
    verdicts = []
    for comparison, name, rows in group_rows(results, "coverage", subjects.by_role.get("rl", ())):
        sizes = {row["category"]: row["problems"] for row in rows}
        only = sizes.get("candidate_only", 0)
        solvable = only + sizes.get("both", 0)
        who = subjects.roles.trained, subjects.roles.base
        key = {"comparison": comparison, "set": name}
        evidence = describe_outside(key, only, solvable, subjects.level, who)
        verdicts.append(
            ClaimVerdict(
                comparison, name, decide_subset(only, solvable, subjects.level), tuple(evidence)
            )
        )
    return verdicts


def describe_outside(
    key: Mapping[str, str], only: int, solvable: int, level: float, who: tuple[str, str]
) -> list[Part]:
    """How many of the problems that one model solves the other does not, with the share."""
    at = cite("coverage", "problems", **key, category="candidate_only")
    all_of_them = cite("coverage", "problems", **key, category="both,candidate_only")
    parts: list[Part] = [
        SourcedValue(str(only), only, at),
        " of ",
        SourcedValue(str(solvable), solvable, all_of_them),
        f" {who[0]}-solvable problems are not {who[1]}-solvable",
    ]
    if solvable:
        low, high = wilson(only, solvable, level)
        share, least, most = (
            SourcedValue(format_decimal(value), value, at) for value in (only / solvable, low, high)
        )
        parts += [": ", share, " [", least, ", ", most, "]"]
    return parts


def decide_subset(
    only: int, solvable: int, level: float = 0.95, thresholds: Thresholds = THRESHOLDS
) -> str:
    """Verdict from how many of the RL-solvable problems the base model does not solve.

    Example:
        >>> decide_subset(0, 200), decide_subset(40, 200), decide_subset(2, 40)
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
    "{trained} solves a subset",
    "The problems that {trained} can solve are nearly a subset of those that {base_model} can.",
    "Share of {trained}-solvable problems that {base_model} never solves, Wilson interval: "
    f"supported where it ends at {THRESHOLDS.candidate_only:g} or below, not supported where it "
    "starts above, undecided otherwise. Solvable means solved at least once in n samples.",
    judge,
    roles=("rl",),
)
