"""How accuracy is spread over problems."""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.metrics import HISTOGRAM_LABELS
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.tables import Table

SQL = Path(__file__).parent / "histogram.sql"

TABLE = Table(
    "histogram",
    1,
    {
        "draw": pl.String(),
        "model": pl.String(),
        "set": pl.String(),
        "bin": pl.Int64(),  # 0..11, see passk.analysis.metrics.HISTOGRAM_LABELS
        "label": pl.String(),
        "problems": pl.Int64(),
        "share": pl.Float64(),
    },
    key=("draw", "set", "bin"),
)


def bin_accuracies(inputs: QuestionInputs) -> pl.DataFrame:
    """Problems of every draw and set by accuracy: a row per bin, empty ones too."""
    labels = pl.DataFrame({"bin": range(len(HISTOGRAM_LABELS)), "label": HISTOGRAM_LABELS})
    return query(SQL, {"counts": inputs.counts, "labels": labels})


QUESTION = AnalysisQuestion(TABLE, bin_accuracies, trace_draw)
