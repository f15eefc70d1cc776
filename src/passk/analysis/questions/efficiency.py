"""The sampling efficiency gap: pass@k of the reference less pass@1 of the candidate.

Delta SE of arXiv 2504.13837, section 4.3; see `passk.analysis.metrics.sampling_efficiency_gap`.
"""

from pathlib import Path

import polars as pl

from passk.analysis.bootstrap import BootstrapCurve
from passk.analysis.database import query
from passk.analysis.evaluation_groups import GroupComparison
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.pass_at_k import query_curves
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_comparison
from passk.core.tables import Table

SQL = Path(__file__).parent / "efficiency.sql"

TABLE = Table(
    "efficiency",
    2,
    {
        "comparison": pl.String(),
        "set": pl.String(),
        "k": pl.Int64(),
        "efficiency_gap": pl.Float64(),  # pass@k(reference) - pass@1(candidate)
        "low": pl.Float64(),
        "high": pl.Float64(),
    },
    key=("comparison", "set", "k"),
)

_LIMITS = {"comparison": pl.String, "set": pl.String, "low": pl.Float64, "high": pl.Float64}


def check_defined(k: int, name: str, comparison: GroupComparison) -> None:
    """Refuse a k above the reference draw's n: never clipped, never extrapolated.

    Raises:
        ValueError: pass@k of the reference is not defined.
    """
    reference = comparison.reference
    if k > reference.smallest_n:
        raise ValueError(
            f"efficiency_k = {k} of comparison {name!r}: draw {reference.draw!r} has "
            f"n = {reference.smallest_n} in set {reference.set!r}, and pass@k is not defined for k "
            f"above n; legal: at most {reference.smallest_n}, or raise draws.{reference.draw}.n"
        )


def resample_gap(inputs: QuestionInputs, comparison: GroupComparison, k: int) -> BootstrapCurve:
    """The bootstrapped gap of a comparison on one set: a curve with one value."""
    return inputs.curve(comparison.reference, [k]) - inputs.curve(comparison.candidate, [1])


def estimate_gaps(inputs: QuestionInputs) -> pl.DataFrame:
    """The gap of every comparison on every set, with bootstrap intervals.

    Raises:
        ValueError: `efficiency_k` exceeds the reference draw's n.
    """
    limits = []
    gaps = {name: inputs.analysis.gap_at(name) for name in inputs.analysis.comparisons}
    for comparison in inputs.comparisons():
        k = gaps[comparison.name]
        check_defined(k, comparison.name, comparison)
        gap = resample_gap(inputs, comparison, k)
        low, high = gap.interval(inputs.analysis.bootstrap.level)
        limits.append((comparison.name, comparison.set, float(low[0]), float(high[0])))
    comparisons = inputs.comparison_table().with_columns(
        k=pl.col("comparison").replace_strict(gaps, return_dtype=pl.Int64)
    )
    curves = query_curves(inputs.counts, sorted({1, *gaps.values()}))
    estimates = query(SQL, {"curves": curves, "comparisons": comparisons})
    intervals = pl.DataFrame(limits, schema=_LIMITS, orient="row")
    return estimates.join(intervals, on=["comparison", "set"], validate="1:1")


QUESTION = AnalysisQuestion(TABLE, estimate_gaps, trace_comparison)
