"""At which k the reference overtakes the candidate, and how sure that is.

Both curves are known exactly at every k up to n, so that no grid is interpolated between: on powers
of two a crossover at 23.2 read 24.8.
"""

import numpy as np
import polars as pl

from passk.analysis.bootstrap import BootstrapCurve
from passk.analysis.crossing import estimate_crossover
from passk.analysis.evaluation_groups import EvaluationGroup, GroupComparison, resample_every_k
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_comparison
from passk.core.tables import Table

TABLE = Table(
    "crossover",
    3,
    {
        "comparison": pl.String(),
        "set": pl.String(),
        "crossover_k": pl.Float64(),  # between two neighbouring whole k; null: none within n
        "low": pl.Float64(),  # null: past n
        "high": pl.Float64(),  # null: past n
        "p_none": pl.Float64(),  # share of resamples without a crossover
    },
    key=("comparison", "set"),
    nullable=frozenset({"crossover_k", "low", "high"}),
)


def locate_crossovers(inputs: QuestionInputs) -> pl.DataFrame:
    """The crossover of every comparison on every set, from the resamples of `difference`."""
    bootstrap, rows = inputs.analysis.bootstrap, []
    for comparison in inputs.comparisons():
        difference = resample_at_every_k(comparison, inputs.seed, bootstrap.resamples)
        grid = np.arange(1, difference.estimate.size + 1)
        crossover = estimate_crossover(difference, grid, bootstrap.level)
        rows.append(
            {
                "comparison": comparison.name,
                "set": comparison.set,
                "crossover_k": crossover.k,
                "low": crossover.low,
                "high": crossover.high,
                "p_none": crossover.p_none,
            }
        )
    return pl.DataFrame(rows, schema=dict(TABLE.columns))


def resample_at_every_k(comparison: GroupComparison, seed: int, resamples: int) -> BootstrapCurve:
    """The bootstrapped difference candidate - reference at every k that both reach."""
    groups = (comparison.reference, comparison.candidate)
    most = min(group.smallest_n for group in groups)
    reference, candidate = (_up_to(group, most, seed, resamples) for group in groups)
    return candidate - reference


def _up_to(group: EvaluationGroup, most: int, seed: int, resamples: int) -> BootstrapCurve:
    curve = resample_every_k(group, seed, resamples)
    return BootstrapCurve(
        curve.estimate[:most], curve.resamples[:, :most], curve.problems[:, :most]
    )


QUESTION = AnalysisQuestion(TABLE, locate_crossovers, trace_comparison)
