"""How far the candidate is ahead of the reference at each k, paired by problem."""

from pathlib import Path

import polars as pl

from passk.analysis.bootstrap import BootstrapCurve
from passk.analysis.database import query
from passk.analysis.evaluation_groups import GroupComparison, clip
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.pass_at_k import query_curves
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_comparison
from passk.core.tables import Table

SQL = Path(__file__).parent / "difference.sql"

TABLE = Table(
    "difference",
    3,
    {
        "comparison": pl.String(),
        "set": pl.String(),
        "k": pl.Int64(),
        "difference": pl.Float64(),  # candidate - reference, paired by problem
        "low": pl.Float64(),
        "high": pl.Float64(),
        "band_low": pl.Float64(),  # limits that hold at every k of the grid at once
        "band_high": pl.Float64(),
    },
    key=("comparison", "set", "k"),
)

_LIMITS = {
    "comparison": pl.String, "set": pl.String, "k": pl.Int64, "low": pl.Float64, "high": pl.Float64,
    "band_low": pl.Float64, "band_high": pl.Float64,
}  # fmt: skip


def resample_difference(
    inputs: QuestionInputs, comparison: GroupComparison
) -> tuple[list[int], BootstrapCurve]:
    """The common grid of a comparison and its bootstrapped difference candidate - reference."""
    reference, candidate = comparison.reference, comparison.candidate
    grid = clip(inputs.analysis.k, reference, candidate)
    return grid, inputs.curve(candidate, grid) - inputs.curve(reference, grid)


def estimate_difference(inputs: QuestionInputs) -> pl.DataFrame:
    """The difference of every comparison on every set, with intervals and bands over all k."""
    curves = query_curves(inputs.counts, inputs.analysis.k)
    estimates = query(SQL, {"curves": curves, "comparisons": inputs.comparison_table()})
    limits = [pl.DataFrame(schema=_LIMITS)]
    limits += [_limits(inputs, comparison) for comparison in inputs.comparisons()]
    return estimates.join(pl.concat(limits), on=["comparison", "set", "k"], validate="1:1")


def _limits(inputs: QuestionInputs, comparison: GroupComparison) -> pl.DataFrame:
    """Interval and band of one comparison on one set, at each k of its grid."""
    grid, difference = resample_difference(inputs, comparison)
    level = inputs.analysis.bootstrap.level
    low, high = difference.interval(level)
    band_low, band_high = difference.band(level)
    names = {
        "comparison": [comparison.name] * len(grid),
        "set": [comparison.set] * len(grid),
        "k": grid,
    }
    limits = {"low": low, "high": high, "band_low": band_low, "band_high": band_high}
    return pl.DataFrame(names | limits, schema=_LIMITS)


QUESTION = AnalysisQuestion(TABLE, estimate_difference, trace_comparison)
