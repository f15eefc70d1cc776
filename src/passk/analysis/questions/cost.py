"""What training cost, in quantities that do not depend on the machine."""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_arm
from passk.analysis.questions.training import join_logs
from passk.core.tables import Table

SQL = Path(__file__).parent / "cost.sql"

TABLE = Table(
    "cost",
    1,
    {
        "arm": pl.String(),
        "steps": pl.Int64(),
        "rollouts": pl.Int64(),  # drawn over all steps; null where the log does not say
        "tokens": pl.Int64(),  # generated over all steps
        "rounds": pl.Float64(),  # of rollouts, mean over steps
        "trained": pl.Float64(),  # share of the batch with a gradient, mean over steps
        "reward": pl.Float64(),  # mean over the last tenth of the steps
    },
    key=("arm",),
    nullable=frozenset({"rollouts", "tokens", "rounds", "trained"}),
)


def sum_costs(inputs: QuestionInputs) -> pl.DataFrame:
    """Rollouts, tokens and rounds of every arm; see `join_logs` for errors."""
    return query(SQL, {"training": join_logs(inputs)})


QUESTION = AnalysisQuestion(TABLE, sum_costs, trace_arm, reads="training")
