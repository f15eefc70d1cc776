"""What pass@k will be past n: forecasts, and how well they did from half of the samples."""

import numpy as np
import polars as pl

from passk.analysis.evaluation_groups import EvaluationGroup
from passk.analysis.forecast import fit, thin
from passk.analysis.metrics import pass_at_k
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.digests import seed as seed_of
from passk.core.tables import Table

BEYOND = (2, 4, 16)  # times n

TABLE = Table(
    "forecast",
    1,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "k": pl.Int64(),
        "forecast": pl.Float64(),  # fitted to all samples
        "from_half": pl.Float64(),  # fitted to half of each problem's samples
        "observed": pl.Float64(),  # pass@k of all samples; null past n
        "zero": pl.Float64(),  # share of problems that the fit to all holds out of reach
        "a": pl.Float64(),  # of its Beta distribution
        "b": pl.Float64(),
        "n": pl.Int64(),
        "problems": pl.Int64(),
    },
    key=("draw", "set", "k"),
    nullable=frozenset({"observed"}),
)


def forecast_curves(inputs: QuestionInputs) -> pl.DataFrame:
    """A row per k of the grid and beyond, of every draw with four samples or more."""
    rows = [
        {"draw": group.draw, "set": group.set, **row}
        for group in inputs.groups.values()
        if group.smallest_n >= 4
        for row in _forecast(inputs, group)
    ]
    return pl.DataFrame(rows, schema=dict(TABLE.columns))


def _forecast(inputs: QuestionInputs, group: EvaluationGroup) -> list[dict[str, object]]:
    n = group.smallest_n
    grid = [k for k in inputs.analysis.k if k <= n] + [n * times for times in BEYOND]
    rng = np.random.default_rng(seed_of("forecast halves", inputs.seed, group.draw, group.set))
    whole, half = fit(group.n, group.c), fit(*thin(group.n, group.c, rng))
    return [
        {
            "k": k,
            "forecast": float(whole.pass_at_k(k)),
            "from_half": float(half.pass_at_k(k)),
            "observed": float(pass_at_k(group.n, group.c, k).mean()) if k <= n else None,
            "zero": whole.zero,
            "a": whole.a,
            "b": whole.b,
            "n": n,
            "problems": len(group.problem_ids),
        }
        for k in grid
    ]


QUESTION = AnalysisQuestion(TABLE, forecast_curves, trace_draw)
