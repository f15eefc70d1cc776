"""What samples fail of, by the grader's reason: wrong and unknown are kept apart."""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.tables import Table

SQL = Path(__file__).parent / "failures.sql"

TABLE = Table(
    "failures",
    1,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "verdict": pl.String(),  # wrong | unknown
        "reason": pl.String(),  # as the grader gives it
        "samples": pl.Int64(),
        "problems": pl.Int64(),  # that have such a sample
        "share": pl.Float64(),  # of all samples of the draw on the set, correct ones included
    },
    key=("draw", "set", "verdict", "reason"),
)


def tally_failures(inputs: QuestionInputs) -> pl.DataFrame:
    """Samples of every draw and set that are not correct, by verdict and reason."""
    return query(SQL, {"verdicts": inputs.verdicts, "views": inputs.views})


QUESTION = AnalysisQuestion(TABLE, tally_failures, trace_draw, reads="verdicts")
