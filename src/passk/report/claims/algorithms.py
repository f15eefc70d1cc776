"""Claim 4: RL algorithms differ little, and their sampling efficiency gap stays large."""

from collections.abc import Mapping
from typing import Any

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
    rows_by_set,
)
from passk.report.html.intervals import interval
from passk.report.html.sourced_values import Part, SourcedValue, decimal, source


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per group of algorithms and set."""
    groups = subjects.by_role.get("algorithms", ())
    return [
        ClaimVerdict(
            group,
            name,
            algorithms_verdict(
                (rows[0]["low"], rows[0]["high"]),
                (rows[0]["smallest_low"], rows[0]["smallest_high"]),
            ),
            tuple(_evidence(rows[0])),
        )
        for group, name, rows in rows_by_set(results, "spread", groups, "group")
    ]


def _evidence(row: Mapping[str, Any]) -> list[Part]:
    key = {"group": row["group"], "set": row["set"]}
    noise = SourcedValue(decimal(row["noise"]), row["noise"], source("spread", "noise", **key))
    return [
        f"ΔSE of {row['comparisons']} algorithms at k = {row['k']} spans ",
        *interval("spread", "spread", row, key),
        ", of which noise alone would give up to ",
        noise,
        "; smallest ΔSE ",
        *interval(
            "spread", "smallest", row, key, signed=True, limits=("smallest_low", "smallest_high")
        ),
    ]


def algorithms_verdict(
    spread: Interval, smallest: Interval, thresholds: Thresholds = THRESHOLDS
) -> str:
    """Verdict from simultaneous limits of the spread of gaps, and of the smallest gap.

    Example:
        >>> algorithms_verdict((0.0, 0.08), (0.41, 0.5))
        'supported'
        >>> algorithms_verdict((0.12, 0.2), (0.41, 0.5)), algorithms_verdict((0, 0.08), (0.1, 0.3))
        ('not supported', 'not supported')
        >>> algorithms_verdict((0.0, 0.15), (0.41, 0.5))
        'undecided'
    """
    if spread[0] > thresholds.alike or smallest[1] < thresholds.large:
        return NOT_SUPPORTED
    alike = spread[1] <= thresholds.alike
    return SUPPORTED if alike and smallest[0] > thresholds.large else UNDECIDED


CLAIM = Claim(
    4,
    "algorithms alike, ΔSE large",
    "RL algorithms differ little, and their sampling efficiency gap ΔSE stays large.",
    f"Supported where the spread of ΔSE over the algorithms is at most {THRESHOLDS.alike:g} and "
    f"the smallest ΔSE above {THRESHOLDS.large:g}, both by limits that hold for all algorithms at "
    "once (Tukey's range, from the bootstrap); not supported where such limits exclude one of the "
    f"two; undecided otherwise. The paper's own spread in domain is 0.043; {THRESHOLDS.large:g} is "
    "its text's “above 40 points”, which its own MATH500 does not reach.",
    judge,
    roles=("algorithms",),
    of_groups=True,
)
