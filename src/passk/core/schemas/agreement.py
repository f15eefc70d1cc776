"""How verdicts on imported samples agree with the grades that came with them: a row per draw."""

import polars as pl

from passk.core.tables import Table

AGREEMENT = Table(
    "agreement",
    1,
    {
        "draw": pl.String(),
        "grader": pl.String(),  # who judged: name, version and options digest
        "options": pl.String(),  # JSON: options of the grader that have not their defaults
        "samples": pl.Int64(),
        "graded": pl.Int64(),  # of these with a recorded grade and a verdict that is not unknown
        "right_here": pl.Int64(),  # correct here, recorded wrong
        "right_there": pl.Int64(),  # wrong here, recorded correct
        "kappa": pl.Float64(),  # Cohen's; null where nothing was graded, or both are constant
    },
    key=("draw",),
    nullable=frozenset({"kappa"}),
)
