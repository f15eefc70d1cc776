"""How accuracy is spread over problems."""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.metrics import HISTOGRAM_LABELS
from passk.analysis.queries.inputs import Inputs

SQL = Path(__file__).parent / "histogram.sql"


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `histogram`."""
    labels = pl.DataFrame({"bin": range(len(HISTOGRAM_LABELS)), "label": HISTOGRAM_LABELS})
    return query(SQL, {"counts": inputs.counts, "labels": labels})
