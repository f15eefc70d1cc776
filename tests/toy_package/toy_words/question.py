"""How many problems of a set a draw solves at least once."""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.tables import Table

SQL = Path(__file__).parent / "question.sql"

TABLE = Table(
    "solved",
    1,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "solved": pl.Int64(),
        "problems": pl.Int64(),
    },
    key=("draw", "set"),
)


def count_solved(inputs: QuestionInputs) -> pl.DataFrame:
    """A row per draw and set."""
    return query(SQL, {"counts": inputs.counts})


QUESTION = AnalysisQuestion(TABLE, count_solved, trace_draw)
