"""What samples fail of, by the grader's reason: wrong and unknown are kept apart."""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.queries.inputs import Inputs

SQL = Path(__file__).parent / "failures.sql"


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `failures`."""
    return query(SQL, {"verdicts": inputs.verdicts, "views": inputs.views})
