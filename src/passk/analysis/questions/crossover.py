"""At which k the reference overtakes the candidate, and how sure that is."""

import polars as pl

from passk.analysis.crossing import estimate_crossover
from passk.analysis.questions.difference import resample_difference
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_comparison
from passk.core.tables import Table

TABLE = Table(
    "crossover",
    2,
    {
        "comparison": pl.String(),
        "set": pl.String(),
        "crossover_k": pl.Float64(),  # interpolated in log k; null: none within n
        "low": pl.Float64(),  # null: past the grid
        "high": pl.Float64(),  # null: past the grid
        "p_none": pl.Float64(),  # share of resamples without a crossover
    },
    key=("comparison", "set"),
    nullable=frozenset({"crossover_k", "low", "high"}),
)


def locate_crossovers(inputs: QuestionInputs) -> pl.DataFrame:
    """The crossover of every comparison on every set, from the resamples of `difference`."""
    rows = []
    for comparison in inputs.comparisons():
        grid, difference = resample_difference(inputs, comparison)
        if not grid:
            continue
        crossover = estimate_crossover(difference, grid, inputs.analysis.bootstrap.level)
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


QUESTION = AnalysisQuestion(TABLE, locate_crossovers, trace_comparison)
