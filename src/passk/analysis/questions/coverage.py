"""Which problems reference and candidate can solve, and which only one of them.

A problem solved once in n samples by one draw and never by the other may be luck. So each of the
two one-sided categories says how many of its problems are told apart by more: Fisher's exact test
per problem, one-sided at half of 1 - level as in a two-sided interval, with Holm's correction over
all problems of the set; and how many are more than luck taken together, an exact lower limit (the
better one of Holm's and of the number seen less what luck gives, each at half of the error).

A problem is robustly solvable where luck is excluded: where, had the other draw solved none of its
samples, Fisher's test of that problem alone would tell the two apart at 1 - level. Of these the
share that the other draw never solves is a plain proportion of problems, with Wilson's limits.

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
from passk.analysis.proportions import (
    compute_luck,
    count_beyond_luck,
    count_told_apart,
    sign_test,
    wilson,
)
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_comparison
from passk.core.tables import Table

SQL = Path(__file__).parent / "coverage.sql"

TABLE = Table(
    "coverage",
    5,
    {
        "comparison": pl.String(),
        "set": pl.String(),
        "category": pl.String(),  # both | reference_only | candidate_only | neither
        "problems": pl.Int64(),
        "share": pl.Float64(),
        # The next ones are of reference_only and candidate_only, null for both and neither. The
        # solver is the draw that solves them, the other the draw that does not.
        "certain": pl.Int64(),  # of them, told apart by more than luck
        "certain_p": pl.Float64(),  # of the surest, times the problems: Holm's first step
        "beyond_luck": pl.Int64(),  # of them, at least so many are more than luck, one-sided
        "sign_p": pl.Float64(),  # sign test: no more of them than of the other, one-sided
        "solvable": pl.Int64(),  # problems that the solver solves
        "robust_from": pl.Int64(),  # correct samples from which on it does so robustly; null: never
        "robust": pl.Int64(),  # of them, robustly solvable by the solver
        "robust_solvable": pl.Int64(),  # problems that it solves robustly
        "outside": pl.Float64(),  # robust / robust_solvable; null where that is 0
        "outside_low": pl.Float64(),  # Wilson
        "outside_high": pl.Float64(),
        "same_n": pl.Boolean(),  # whether both draws have as many samples of each problem
        "excluded": pl.Int64(),  # problems of the set that no category holds: their tags say so
        "indices": pl.List(pl.Int64()),  # ascending
        "problem_ids": pl.List(pl.String()),  # in the order of the indices
    },
    key=("comparison", "set", "category"),
    nullable=frozenset(
        {
            "certain", "certain_p", "beyond_luck", "sign_p", "solvable", "robust_from", "robust",
            "robust_solvable", "outside", "outside_low", "outside_high", "same_n",
        }
    ),
)  # fmt: skip

_ONE_SIDED = {
    name: TABLE.columns[name] for name in ("comparison", "set", "category", *sorted(TABLE.nullable))
}
_LEFT_OUT = {"comparison": pl.String, "set": pl.String, "excluded": pl.Int64}


def classify_problems(inputs: QuestionInputs) -> pl.DataFrame:
    """Problems of every comparison and set by who solves them: a row per category."""
    level = inputs.analysis.bootstrap.level
    excluded_ids = dict(inputs.excluded.group_by("set").agg("problem_id").iter_rows())
    one_sided, left_out = [], []
    for comparison in inputs.comparisons():
        name, set_name = comparison.name, comparison.set
        reference, candidate = comparison.reference, comparison.candidate
        excluded = np.isin(reference.problem_ids, excluded_ids.get(set_name, []))
        left_out.append((name, set_name, int(excluded.sum())))
        sides = (("reference_only", reference, candidate), ("candidate_only", candidate, reference))
        for category, solver, other in sides:
            key = {"comparison": name, "set": set_name, "category": category}
            one_sided.append(key | describe_solver(solver, other, level, ~excluded))
    tables = {
        "counts": inputs.counts,
        "comparisons": inputs.comparison_table(),
        "excluded": inputs.excluded,
    }
    certainties = pl.DataFrame(one_sided, schema=_ONE_SIDED)
    exclusions = pl.DataFrame(left_out, schema=_LEFT_OUT, orient="row")
    return (
        query(SQL, tables)
        .join(certainties, on=["comparison", "set", "category"], how="left", validate="1:1")
        .join(exclusions, on=["comparison", "set"], how="left", validate="m:1")
    )


def describe_solver(
    solver: EvaluationGroup, other: EvaluationGroup, level: float, kept: NDArray[np.bool_]
) -> dict[str, float | int | bool | None]:
    """What is known of the problems that one draw solves and the other does not.

    Args:
        solver: the draw that solves them.
        other: the draw that does not.
        level: of the limits.
        kept: (M,) which problems are looked at.
    """
    n, c, n_other, c_other = (x[kept] for x in (solver.n, solver.c, other.n, other.c))
    alone, back = (c > 0) & (c_other == 0), (c == 0) & (c_other > 0)
    robust = (c > 0) & (compute_luck(c, n_other, n) <= 1.0 - level)
    total, outside = int(robust.sum()), int((robust & alone).sum())
    low, high = wilson(outside, total, level) if total else (None, None)
    # A test is made for every problem of the set: which are solved is itself an outcome.
    chances = np.where(c_other == 0, compute_luck(c, n_other, n), 1.0)
    one_sided = (1.0 + level) / 2
    shared = (1.0 + one_sided) / 2  # of two limits the better one: each at half of the error
    together = count_beyond_luck((n, c), (n_other, c_other), shared)
    return {
        "certain": count_told_apart(chances, one_sided),
        "certain_p": min(1.0, float(chances.min()) * len(chances)) if len(chances) else 1.0,
        "beyond_luck": max(together, count_told_apart(chances, shared)),
        "sign_p": sign_test(int(alone.sum()), int(back.sum())),
        "solvable": int((c > 0).sum()),
        "robust_from": _find_robust_count(solver, other, level),
        "robust": outside,
        "robust_solvable": total,
        "outside": outside / total if total else None,
        "outside_low": low,
        "outside_high": high,
        "same_n": bool((n == n_other).all()),
    }


def _find_robust_count(solver: EvaluationGroup, other: EvaluationGroup, level: float) -> int | None:
    """Correct samples that luck gives one of two equal draws alone with chance 1 - level at most.

    Where n differs by problem, that of the problem with the fewest samples.
    """
    fewest = int(np.argmin(solver.n))
    n = int(solver.n[fewest])
    counts = np.arange(1, n + 1)
    excluded = compute_luck(counts, int(other.n[fewest]), n) <= 1.0 - level
    return int(counts[excluded.argmax()]) if excluded.any() else None


QUESTION = AnalysisQuestion(TABLE, classify_problems, trace_comparison)
