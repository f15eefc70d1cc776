"""How far the sampling efficiency gaps of several arms lie apart, beside what noise alone gives."""

from itertools import groupby
from operator import attrgetter

import polars as pl

from passk.analysis.estimate_range import estimate_range
from passk.analysis.evaluation_groups import GroupComparison
from passk.analysis.questions.efficiency import check_defined, resample_gap
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_group
from passk.core.tables import Table

TABLE = Table(
    "spread",
    2,
    {
        "group": pl.String(),
        "set": pl.String(),
        "k": pl.Int64(),
        "comparisons": pl.Int64(),  # how many are compared
        "spread": pl.Float64(),  # largest less smallest sampling efficiency gap
        "noise": pl.Float64(),  # a spread that equal gaps exceed in 1 - level of cases
        "low": pl.Float64(),  # limits of the spread that hold for all its comparisons at once
        "high": pl.Float64(),
        "smallest": pl.Float64(),  # smallest gap of the group, with such limits
        "smallest_low": pl.Float64(),
        "smallest_high": pl.Float64(),
    },
    key=("group", "set"),
)


def estimate_spreads(inputs: QuestionInputs) -> pl.DataFrame:
    """A row per group and set that at least two of its comparisons share.

    Raises:
        ValueError: `efficiency_k` exceeds the reference draw's n.
    """
    rows = []
    for group, names in inputs.analysis.groups.items():
        members = [c for c in inputs.comparisons() if c.name in names]
        members.sort(key=attrgetter("set"))
        k = inputs.analysis.gap_at(names[0])
        for set_name, sharing in groupby(members, key=attrgetter("set")):
            if len(comparisons := list(sharing)) > 1:
                check_defined(k, names[0], comparisons[0])
                row = _spread_row(inputs, comparisons, k)
                rows.append({"group": group, "set": set_name, **row})
    return pl.DataFrame(rows, schema=dict(TABLE.columns))


def _spread_row(
    inputs: QuestionInputs, comparisons: list[GroupComparison], k: int
) -> dict[str, float | int]:
    """The spread over the comparisons of a group on one set."""
    gaps = [resample_gap(inputs, comparison, k) for comparison in comparisons]
    gap_range = estimate_range(gaps, inputs.analysis.bootstrap.level)
    return {
        "k": k,
        "comparisons": len(comparisons),
        "spread": gap_range.spread,
        "noise": gap_range.noise,
        "low": max(0.0, gap_range.spread - gap_range.noise),
        "high": gap_range.spread + gap_range.noise,
        "smallest": gap_range.smallest,
        "smallest_low": gap_range.smallest - gap_range.margin,
        "smallest_high": gap_range.smallest + gap_range.margin,
    }


QUESTION = AnalysisQuestion(TABLE, estimate_spreads, trace_group)
