"""What a claim and its verdict are, and every threshold that decides one.

A claim may come out `not supported`, `undecided` where an interval does not exclude what would
decide it, and `cannot be decided at this size` where even the most favourable data of so many
problems or samples could not support it: no verdict rests on an estimate alone. Every threshold
stands in `THRESHOLDS`, and the page prints it. How conditions make a verdict:
`passk.report.claims.conditions`; how many problems one needs: `passk.report.claims.sizes`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from passk.analysis.questions.tracing import ResultRow
from passk.report.claims.conditions import Combined, Condition, Interval
from passk.report.claims.sizes import SizeNeeded
from passk.report.html.intervals import format_interval
from passk.report.html.sourced_values import MINUS, Part
from passk.report.roles import Roles

SUPPORTED, NOT_SUPPORTED, UNDECIDED = "supported", "not supported", "undecided"
UNDECIDABLE = "cannot be decided at this size"
_OUTCOMES = {1: SUPPORTED, -1: NOT_SUPPORTED, 0: UNDECIDED}

Results = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Thresholds:
    """What decides a claim, fixed from the paper's wording before any result was seen.

    Attributes:
        no_crossover: claim 1: P(no crossover) may be at most this.
        candidate_only: claims 2 and 7: a set is nearly a subset of another where at most this
            share of it lies outside.
        alike: claim 4: sampling efficiency gaps may differ by this much and still "differ little";
            about twice the range of the paper's own table in domain (41.0 to 45.3 points).
        large: claim 4: a gap is large above this; the paper: "consistently above 40 points".
        little: claim 6: more rollouts may help by at most this much and still help "slightly".
        same: claim 6: pass@1 is "the same" where it differs by less than this.
    """

    no_crossover: float = 0.05
    candidate_only: float = 0.05
    alike: float = 0.10
    large: float = 0.40
    little: float = 0.10
    same: float = 0.05


THRESHOLDS = Thresholds()


@dataclass(frozen=True)
class ClaimVerdict:
    """A verdict on one claim, with the numbers behind it.

    Attributes:
        subject: the comparison judged, or the group of comparisons.
        set: the set on which it is judged.
        verdict: supported, not supported, undecided, or cannot be decided at this size.
        evidence: a sentence.
        part: which part of a claim of several it is about.
        conditions: what the claim needs, and what the data show of it.
        p: p-value of the verdict; 1 where it is open, None where its rule gives none.
        problems: of the set.
        size: how many a verdict needs.
        lacking: what else than problems it needs; empty where nothing is lacking.
        primary: whether this is the cell that the claim is judged on.
        alone: the verdict of this cell by itself, where it does not stand among all of the claim.
    """

    subject: str
    set: str
    verdict: str
    evidence: tuple[Part, ...]
    part: str = ""
    conditions: tuple[Condition, ...] = ()
    p: float | None = None
    problems: int | None = None
    size: SizeNeeded | None = None
    lacking: str = ""
    primary: bool = False
    alone: str = ""

    @property
    def note(self) -> str:
        """What stands in brackets behind the verdict; empty where nothing does."""
        if self.alone:
            return f"by itself {self.alone}"
        if self.verdict != UNDECIDABLE:
            return ""
        if self.lacking:
            return f"needs {self.lacking}"
        if self.size is None or self.size.power is None:
            return ""
        return f"needs about {self.size.power:,} problems"


@dataclass(frozen=True)
class ClaimSubjects:
    """What to judge.

    Attributes:
        by_role: comparisons (or groups) by role, in order: `rl`, `algorithms`, `longer`, ...
        level: of the intervals in the tables.
        roles: what the two draws of a comparison are called.
    """

    by_role: Mapping[str, Sequence[str]] = field(default_factory=dict)
    level: float = 0.95
    roles: Roles = field(default_factory=Roles)

    @property
    def difference(self) -> str:
        """What a difference in pass@k is called."""
        return f"{self.roles.trained} {MINUS} {self.roles.base}"


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        number: its number in the list of claims.
        short: a few words; these, the statement and the rule may name {trained} and {base}, and
            {trained_model} and {base_model} within a sentence.
        statement: what the paper says.
        rule: what decides, in words.
        judge: (result tables, what to judge) -> verdicts, none where data are absent.
        roles: keys of `report.claims` that name its subjects.
        of_groups: whether these name groups of `analysis.groups`, not comparisons.
    """

    number: int
    short: str
    statement: str
    rule: str
    judge: Callable[[Results, ClaimSubjects], list[ClaimVerdict]]
    roles: tuple[str, ...] = ("rl",)
    of_groups: bool = False


def find_sign(low: float, high: float) -> int:
    """1 or -1 where an interval excludes 0, else 0; an interval that ends at 0 includes it.

    Example:
        >>> find_sign(0.1, 0.2), find_sign(-0.2, -0.1), find_sign(0.0, 0.2)
        (1, -1, 0)
    """
    return (low > 0) - (high < 0)


def group_rows(
    results: Results, question: str, subjects: Sequence[str], column: str = "comparison"
) -> list[tuple[str, str, list[ResultRow]]]:
    """Rows of a table by subject, in the order asked for, and set, in the table's."""
    if question not in results:
        return []
    table = results[question]
    parts: list[tuple[str, str, list[ResultRow]]] = []
    for subject in subjects:
        rows = table.filter(pl.col(column) == subject)
        for part in rows.partition_by("set", maintain_order=True):
            parts.append((subject, str(part["set"][0]), list(part.iter_rows(named=True))))
    return parts


def conclude(
    subject: tuple[str, str],
    combined: Combined,
    conditions: Sequence[Condition],
    evidence: Sequence[Part],
    *,
    part: str = "",
    problems: int | None = None,
    size: SizeNeeded | None = None,
    lacking: str = "",
) -> ClaimVerdict:
    """The verdict that conditions make; open ones that no data of this size could close are told.

    Args:
        subject: comparison or group, and set.
        combined: what the conditions make together.
        conditions: what the claim needs.
        evidence: a sentence.
        part: of a claim of several.
        problems: of the set.
        size: how many a verdict needs.
        lacking: what else it needs.
    """
    verdict = _OUTCOMES[combined.outcome]
    small = size is not None and problems is not None and problems < size.least
    if verdict == UNDECIDED and (small or lacking):
        verdict = UNDECIDABLE
    return ClaimVerdict(
        *subject, verdict, tuple(evidence), part, tuple(conditions), combined.p, problems, size,
        lacking,
    )  # fmt: skip


def get_limits(row: ResultRow) -> Interval:
    """The interval of a row."""
    return row["low"], row["high"]


def list_differences(rows: Sequence[ResultRow], name: str) -> list[Part]:
    """Differences at some k as evidence."""
    parts: list[Part] = []
    for row in rows:
        key = {"comparison": row["comparison"], "set": row["set"], "k": row["k"]}
        parts += ["; " if parts else "", f"{name} at k = {row['k']}: "]
        parts += format_interval("difference", "difference", row, key, signed=True)
    return parts
