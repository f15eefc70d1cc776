"""Which problems the base model and the trained model can solve."""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.queries.inputs import Inputs

SQL = Path(__file__).parent / "coverage.sql"


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `coverage`."""
    inputs.compared()  # refuses pairs of unknown draws and of different problems
    return query(SQL, {"counts": inputs.counts, "pairs": inputs.pairs()})
