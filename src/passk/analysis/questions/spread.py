"""How far several arms lie apart, beside what noise alone gives: at small k, at large k, by share.

| quantity | of each arm |
|---|---|
| efficiency_gap | pass@k(reference) - pass@1(candidate), k = `efficiency_k` |
| pass_at_k | pass@k(candidate), at the largest k of at most n / 4 |
| closed | share of the gap closed at k = 1, (RL@1 - base@1) / (base@K - base@1): free of scale |

One reference has one pass@k, so that the spread of the first is the spread of pass@1 alone.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

import polars as pl

from passk.analysis.bootstrap import TOLERANCE, BootstrapCurve
from passk.analysis.estimate_range import estimate_range
from passk.analysis.evaluation_groups import GroupComparison, clip
from passk.analysis.questions.efficiency import check_defined, resample_gap
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_group
from passk.core.tables import Table

TABLE = Table(
    "spread",
    3,
    {
        "group": pl.String(),
        "set": pl.String(),
        "quantity": pl.String(),  # efficiency_gap | pass_at_k | closed
        "k": pl.Int64(),
        "comparisons": pl.Int64(),  # how many are compared
        "problems": pl.Int64(),
        "spread": pl.Float64(),  # largest less smallest
        "noise": pl.Float64(),  # a spread that equal quantities exceed in 1 - level of cases
        "low": pl.Float64(),  # limits of the spread that hold for all its comparisons at once
        "high": pl.Float64(),
        "smallest": pl.Float64(),  # of the group, with such limits
        "smallest_low": pl.Float64(),
        "smallest_high": pl.Float64(),
        "largest": pl.Float64(),
        "largest_low": pl.Float64(),
        "largest_high": pl.Float64(),
    },
    key=("group", "set", "quantity"),
)


def estimate_spreads(inputs: QuestionInputs) -> pl.DataFrame:
    """A row per group, set that at least two of its comparisons share, and quantity.

    `pass_at_k` has no row where n / 4 reaches no k above the first, `closed` none where the
    reference gains nothing from more samples in some resample: there is no gap to close.

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
                for quantity, at, curves in _quantities(inputs, comparisons, k):
                    key = {"group": group, "set": set_name, "quantity": quantity, "k": at}
                    rows.append(key | _spread_row(curves, inputs.analysis.bootstrap.level))
    return pl.DataFrame(rows, schema=dict(TABLE.columns))


def _quantities(
    inputs: QuestionInputs, comparisons: list[GroupComparison], k: int
) -> Iterator[tuple[str, int, list[BootstrapCurve]]]:
    """Each quantity with its k, and a curve of one value for each comparison."""
    yield "efficiency_gap", k, [resample_gap(inputs, c, k) for c in comparisons]
    groups = [group for c in comparisons for group in (c.reference, c.candidate)]
    quarter = min(group.smallest_n for group in groups) // 4
    grid = [at for at in clip(inputs.analysis.k, *groups) if at <= quarter]
    if len(grid) > 1:
        yield "pass_at_k", grid[-1], [inputs.curve(c.candidate, grid[-1:]) for c in comparisons]
    shares = [_closed(inputs, c, k) for c in comparisons]
    known = [share for share in shares if share is not None]
    if len(known) == len(shares):
        yield "closed", 1, known


def _closed(inputs: QuestionInputs, comparison: GroupComparison, k: int) -> BootstrapCurve | None:
    """The share of the gap that a candidate closes with one sample; None without a gap."""
    first = inputs.curve(comparison.reference, [1])
    gap = inputs.curve(comparison.reference, [k]) - first
    gain = inputs.curve(comparison.candidate, [1]) - first
    if min(gap.resamples.min(), gap.estimate[0]) <= TOLERANCE:
        return None
    return BootstrapCurve(
        gain.estimate / gap.estimate, gain.resamples / gap.resamples, gain.problems
    )


def _spread_row(curves: list[BootstrapCurve], level: float) -> dict[str, float | int]:
    """The spread of one quantity over the comparisons of a group on one set."""
    spread = estimate_range(curves, level)
    return {
        "comparisons": len(curves),
        "problems": len(curves[0].problems),
        "spread": spread.spread,
        "noise": spread.noise,
        "low": max(0.0, spread.spread - spread.noise),
        "high": spread.spread + spread.noise,
        "smallest": spread.smallest,
        "smallest_low": spread.smallest - spread.margin,
        "smallest_high": spread.smallest + spread.margin,
        "largest": spread.largest,
        "largest_low": spread.largest - spread.margin,
        "largest_high": spread.largest + spread.margin,
    }


QUESTION = AnalysisQuestion(TABLE, estimate_spreads, trace_group)
