"""Claim 5: longer RL raises pass@1 and lowers pass@k at large k."""

from passk.report.claims.conditions import combine
from passk.report.claims.ends import (
    FRACTION,
    describe_ends,
    find_ends,
    needs_sign,
    needs_sign_at_large,
)
from passk.report.claims.sizes import size_of_signs
from passk.report.claims.verdict import (
    Claim,
    ClaimSubjects,
    ClaimVerdict,
    Results,
    conclude,
    group_rows,
)
from passk.report.html.sourced_values import MINUS


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison of an early and a late checkpoint of one arm, and set."""
    verdicts = []
    what, level = f"last {MINUS} first checkpoint", subjects.level
    for comparison, name, rows in group_rows(
        results, "difference", subjects.by_role.get("longer", ())
    ):
        if (ends := find_ends(rows)) is None:
            continue
        conditions = [
            needs_sign(ends.first, 1, what, level),
            *needs_sign_at_large(ends, -1, what, level),
        ]
        verdicts.append(
            conclude(
                (comparison, name),
                combine(conditions, level),
                conditions,
                describe_ends(ends, what),
                problems=ends.problems,
                size=size_of_signs(conditions, ends.problems, level),
                lacking=ends.lacking,
            )
        )
    return verdicts


CLAIM = Claim(
    5,
    "longer RL narrows",
    "Longer RL training raises pass@1 and lowers pass@256.",
    "Last against first checkpoint, paired by problem: supported where the interval at the "
    f"smallest k excludes 0 from above, that at the largest k of at most n/{FRACTION} from below, "
    "and McNemar’s exact test shows fewer problems solved in n samples; not supported where one of "
    "the two intervals excludes the claimed sign (at large k only where the test at k = n does not "
    "show it); undecided otherwise.",
    judge,
    roles=("longer",),
)
