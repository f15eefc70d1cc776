"""Which problems reference and candidate can solve, and which only one of them.

A problem solved once in n samples by one draw and never by the other may be luck. So each of the
two one-sided categories says how many of its problems are told apart by more: Fisher's exact test
per problem, one-sided at half of 1 - level as in a two-sided interval, with Holm's correction over
all problems of the set.

Problems that are known to be faulty, say because they have several right answers and tests for one
of them, may be left out by their tags (`analysis.coverage_excludes`): which of two models never
solves them says little.
"""

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from passk.analysis.database import query
from passk.analysis.evaluation_groups import EvaluationGroup
from passk.analysis.proportions import luck, told_apart
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_comparison
from passk.core.tables import Table

SQL = Path(__file__).parent / "coverage.sql"

TABLE = Table(
    "coverage",
    4,
    {
        "comparison": pl.String(),
        "set": pl.String(),
        "category": pl.String(),  # both | reference_only | candidate_only | neither
        "problems": pl.Int64(),
        "share": pl.Float64(),
        "certain": pl.Int64(),  # of them, told apart by more than luck; null for both and neither
        "excluded": pl.Int64(),  # problems of the set that no category holds: their tags say so
        "indices": pl.List(pl.Int64()),  # ascending
        "problem_ids": pl.List(pl.String()),  # in the order of the indices
    },
    key=("comparison", "set", "category"),
    nullable=frozenset({"certain"}),
)

_CERTAIN = {
    "comparison": pl.String, "set": pl.String, "category": pl.String, "certain": pl.Int64,
}  # fmt: skip
_LEFT_OUT = {"comparison": pl.String, "set": pl.String, "excluded": pl.Int64}


def classify_problems(inputs: QuestionInputs) -> pl.DataFrame:
    """Problems of every comparison and set by who solves them: a row per category."""
    level = inputs.analysis.bootstrap.level
    excluded_ids = dict(inputs.excluded.group_by("set").agg("problem_id").iter_rows())
    certain, left_out = [], []
    for comparison in inputs.comparisons():
        name, set_name = comparison.name, comparison.set
        reference, candidate = comparison.reference, comparison.candidate
        excluded = np.isin(reference.problem_ids, excluded_ids.get(set_name, []))
        left_out.append((name, set_name, int(excluded.sum())))
        only_reference = count_certain(reference, candidate, level, ~excluded)
        only_candidate = count_certain(candidate, reference, level, ~excluded)
        certain.append((name, set_name, "reference_only", only_reference))
        certain.append((name, set_name, "candidate_only", only_candidate))
    tables = {
        "counts": inputs.counts,
        "comparisons": inputs.comparison_table(),
        "excluded": inputs.excluded,
    }
    certainties = pl.DataFrame(certain, schema=_CERTAIN, orient="row")
    exclusions = pl.DataFrame(left_out, schema=_LEFT_OUT, orient="row")
    return (
        query(SQL, tables)
        .join(certainties, on=["comparison", "set", "category"], how="left", validate="1:1")
        .join(exclusions, on=["comparison", "set"], how="left", validate="m:1")
    )


def count_certain(
    solver: EvaluationGroup,
    other: EvaluationGroup,
    level: float,
    kept: NDArray[np.bool_] | None = None,
) -> int:
    """How many problems one draw solves and the other does not, beyond luck, all at one level.

    Args:
        solver: the draw that solves them.
        other: the draw that does not.
        level: of the test.
        kept: (M,) which problems are looked at; all by default.
    """
    # A test is made for every problem of the set: which are solved is itself an outcome.
    chances = np.where(other.c == 0, luck(solver.c, other.n, solver.n), 1.0)
    return told_apart(chances if kept is None else chances[kept], (1.0 + level) / 2)


QUESTION = AnalysisQuestion(TABLE, classify_problems, trace_comparison)
