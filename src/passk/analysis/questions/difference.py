"""How far the candidate is ahead of the reference at each k, paired by problem.

Near k = n few problems are discordant, and bootstrap intervals exclude 0 too often there (at 3
problems against none). So claims read intervals up to k = n / 4 alone, beside a test by sign flips
that is exact for two draws of one model, and at k = n McNemar's test of the problems that one of
both draws solves and the other does not.
"""

from pathlib import Path

import numpy as np
import polars as pl

from passk.analysis.bootstrap import BootstrapCurve
from passk.analysis.database import query
from passk.analysis.evaluation_groups import GroupComparison, clip
from passk.analysis.proportions import mcnemar_mid_p, sign_flip_p
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.pass_at_k import query_curves
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_comparison
from passk.core.digests import seed as seed_of
from passk.core.tables import Table

SQL = Path(__file__).parent / "difference.sql"

# Holm's correction over some twenty cells asks for p-values of a few thousandths: of a thousand
# flips two or three would decide.
FLIPS = 10_000

TABLE = Table(
    "difference",
    4,
    {
        "comparison": pl.String(),
        "set": pl.String(),
        "k": pl.Int64(),
        "difference": pl.Float64(),  # candidate - reference, paired by problem
        "low": pl.Float64(),
        "high": pl.Float64(),
        "band_low": pl.Float64(),  # limits that hold at every k of the grid at once
        "band_high": pl.Float64(),
        "flip_p": pl.Float64(),  # sign-flip test that both are draws of one model, two-sided
        "problems": pl.Int64(),
        "n": pl.Int64(),  # samples per problem; the smallest of both draws
        # In the row of the largest k alone, and where both draws have n samples of each problem:
        "candidate_only": pl.Int64(),  # problems that the candidate alone solves in n samples
        "reference_only": pl.Int64(),
        "mid_p": pl.Float64(),  # of McNemar's test that both are equal at k = n, two-sided
    },
    key=("comparison", "set", "k"),
    nullable=frozenset({"candidate_only", "reference_only", "mid_p"}),
)

_LIMITS = {
    "comparison": pl.String, "set": pl.String, "k": pl.Int64, "low": pl.Float64, "high": pl.Float64,
    "band_low": pl.Float64, "band_high": pl.Float64, "flip_p": pl.Float64,
    "problems": pl.Int64, "n": pl.Int64,
    "candidate_only": pl.Int64, "reference_only": pl.Int64, "mid_p": pl.Float64,
}  # fmt: skip
_SIMULATED = ("low", "high", "band_low", "band_high", "flip_p")
_TESTED = ("candidate_only", "reference_only", "mid_p")


def resample_difference(
    inputs: QuestionInputs, comparison: GroupComparison
) -> tuple[list[int], BootstrapCurve]:
    """The common grid of a comparison and its bootstrapped difference candidate - reference."""
    reference, candidate = comparison.reference, comparison.candidate
    grid = clip(inputs.analysis.k, reference, candidate)
    return grid, inputs.curve(candidate, grid) - inputs.curve(reference, grid)


def estimate_difference(inputs: QuestionInputs) -> pl.DataFrame:
    """The difference of every comparison on every set, with intervals and bands over all k."""
    curves = query_curves(inputs.counts, inputs.analysis.k)
    estimates = query(SQL, {"curves": curves, "comparisons": inputs.comparison_table()})
    limits = [pl.DataFrame(schema=_LIMITS)]
    limits += [_limits(inputs, comparison) for comparison in inputs.comparisons()]
    return estimates.join(pl.concat(limits), on=["comparison", "set", "k"], validate="1:1")


def _limits(inputs: QuestionInputs, comparison: GroupComparison) -> pl.DataFrame:
    """Interval and band of one comparison on one set, at each k of its grid."""
    grid, difference = resample_difference(inputs, comparison)
    level = inputs.analysis.bootstrap.level
    low, high = difference.interval(level)
    band_low, band_high = difference.band(level)
    reference, candidate = comparison.reference, comparison.candidate
    n = min(reference.smallest_n, candidate.smallest_n)
    names = (comparison.name, comparison.set)
    rng = np.random.default_rng(seed_of("sign flips", inputs.seed, *names))
    flipped = sign_flip_p(difference.problems, FLIPS, rng)
    simulated = (low, high, band_low, band_high, flipped)
    rows = pl.DataFrame({"k": grid, **dict(zip(_SIMULATED, simulated, strict=True))}).select(
        pl.lit(comparison.name).alias("comparison"),
        pl.lit(comparison.set).alias("set"),
        pl.col("k").cast(pl.Int64),
        *_SIMULATED,
        pl.lit(len(reference.problem_ids), pl.Int64).alias("problems"),
        pl.lit(n, pl.Int64).alias("n"),
    )
    tested = pl.DataFrame(
        [{"k": grid[-1], **_test_at_n(comparison)}],
        schema={name: _LIMITS[name] for name in ("k", *_TESTED)},
    )
    return rows.join(tested, on="k", how="left", maintain_order="left")


def _test_at_n(comparison: GroupComparison) -> dict[str, float | int | None]:
    """Problems that one draw alone solves in n samples; none where n is not the same for both."""
    reference, candidate = comparison.reference, comparison.candidate
    if (reference.n != candidate.n).any():
        return dict.fromkeys(_TESTED)
    more = int(((candidate.c > 0) & (reference.c == 0)).sum())
    fewer = int(((reference.c > 0) & (candidate.c == 0)).sum())
    return dict(zip(_TESTED, (more, fewer, mcnemar_mid_p(more, fewer)), strict=True))


QUESTION = AnalysisQuestion(TABLE, estimate_difference, trace_comparison)
