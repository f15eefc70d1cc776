"""What training cost, in quantities that do not depend on the machine."""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.queries import training
from passk.analysis.queries.inputs import Inputs

SQL = Path(__file__).parent / "cost.sql"


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `cost`; see `training.answer` for errors."""
    return query(SQL, {"training": training.answer(inputs)})
