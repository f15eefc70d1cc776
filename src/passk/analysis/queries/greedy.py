"""Average-case accuracy: one answer per problem at temperature 0."""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.proportions import wilson
from passk.analysis.queries.inputs import Inputs

SQL = Path(__file__).parent / "greedy.sql"


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `greedy`, with Wilson intervals.

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
