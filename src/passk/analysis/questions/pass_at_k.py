"""How pass@k grows with k, for every draw and set."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from passk.analysis.database import QueryTable, query
from passk.analysis.evaluation_groups import clip
from passk.analysis.measures import bayes_interval
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.tables import Table

SQL = Path(__file__).parent / "pass_at_k.sql"

TABLE = Table(
    "pass_at_k",
    2,
    {
        "draw": pl.String(),
        "model": pl.String(),
        "arm": pl.String(),
        "step": pl.Int64(),
        "set": pl.String(),
        "temperature": pl.Float64(),  # null for imported samples; greedy draws are in `greedy`
        "k": pl.Int64(),
        "pass_at_k": pl.Float64(),  # unknown counted as not solved
        "low": pl.Float64(),  # for problems like these; pointwise, never falling with k
        "high": pl.Float64(),
        "fixed": pl.Float64(),  # at k = 1, of these problems alone: Bayes@N with its limits
        "fixed_low": pl.Float64(),
        "fixed_high": pl.Float64(),
        "bound_high": pl.Float64(),  # every unknown counted as solved
        "n": pl.Int64(),  # samples per problem; the smallest where problems differ
        "problems": pl.Int64(),
    },
    key=("draw", "set", "k"),
    nullable=frozenset({"step", "temperature", "fixed", "fixed_low", "fixed_high"}),
)

_LIMITS = {
    "draw": pl.String, "set": pl.String, "k": pl.Int64, "low": pl.Float64, "high": pl.Float64,
    "fixed": pl.Float64, "fixed_low": pl.Float64, "fixed_high": pl.Float64,
}  # fmt: skip


_FIXED = ("fixed", "fixed_low", "fixed_high")


def query_curves(counts: QueryTable, k: Sequence[int]) -> pl.DataFrame:
    """Estimates and upper bounds, clipped at each draw's smallest n on a set; no intervals."""
    return query(SQL, {"counts": counts}, {"k": list(k)})


def estimate_pass_at_k(inputs: QuestionInputs) -> pl.DataFrame:
    """The curve of every draw on every set, with bootstrap intervals."""
    rows = query_curves(inputs.counts, inputs.analysis.k)
    limits = [pl.DataFrame(schema=_LIMITS)]
    for (draw, set_name), group in inputs.groups.items():
        if group.greedy:
            continue
        grid = clip(inputs.analysis.k, group)
        level = inputs.analysis.bootstrap.level
        low, high = inputs.curve(group, grid).rising_interval(level)
        columns = {"draw": [draw] * len(grid), "set": [set_name] * len(grid), "k": grid}
        columns |= {"low": list(low), "high": list(high)}
        here = bayes_interval(group.n, group.c, level)
        for name, value in zip(_FIXED, here, strict=True):
            columns[name] = [value if k == 1 else None for k in grid]
        limits.append(pl.DataFrame(columns, schema=_LIMITS))
    return rows.join(pl.concat(limits), on=["draw", "set", "k"], validate="1:1")


QUESTION = AnalysisQuestion(TABLE, estimate_pass_at_k, trace_draw)
