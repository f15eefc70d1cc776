"""Average-case accuracy: one answer per problem at temperature 0."""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.proportions import wilson
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.tables import Table

SQL = Path(__file__).parent / "greedy.sql"

TABLE = Table(
    "greedy",
    1,
    {
        "draw": pl.String(),
        "model": pl.String(),
        "set": pl.String(),
        "accuracy": pl.Float64(),
        "low": pl.Float64(),  # Wilson
        "high": pl.Float64(),
        "problems": pl.Int64(),
    },
    key=("draw", "set"),
)


def measure_greedy_accuracy(inputs: QuestionInputs) -> pl.DataFrame:
    """Accuracy of every greedy draw on every set, with Wilson intervals.

    Raises:
        ValueError: a draw at temperature 0 has more than one sample of a problem.
    """
    rows = query(SQL, {"counts": inputs.counts})
    if len(several := rows.filter(pl.col("n") > 1)):
        row = several.row(0, named=True)
        raise ValueError(
            f"draws.{row['draw']}: temperature 0 with n = {row['n']} repeats one answer; set n: 1"
        )
    level = inputs.analysis.bootstrap.level
    limits = [wilson(row["solved"], row["problems"], level) for row in rows.iter_rows(named=True)]
    return rows.with_columns(
        accuracy=pl.col("solved") / pl.col("problems"),
        low=pl.Series([low for low, _ in limits], dtype=pl.Float64),
        high=pl.Series([high for _, high in limits], dtype=pl.Float64),
    )


QUESTION = AnalysisQuestion(TABLE, measure_greedy_accuracy, trace_draw)
