"""Counts of one draw from its verdicts, checked against its samples and its sets."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from passk.analysis.database import query

TALLY = Path(__file__).parent / "tally.sql"
JOIN = Path(__file__).parent / "counts.sql"


def count_verdicts(
    verdicts: Sequence[Path], samples: Sequence[Path], problems: Sequence[Path]
) -> pl.DataFrame:
    """Rows `draw, set, problem_id, index, n, c, d, unknown, grader`, one per problem.

    Raises:
        ValueError: a problem without samples, samples of no problem of the set, verdicts that do
            not belong to the samples, an illegal verdict, or two graders; the place is named.
    """
    tally = query(TALLY, {"verdicts": verdicts})
    rows = query(JOIN, {"tally": tally, "samples": samples, "problems": problems})
    graders = sorted({*rows["grader"].drop_nulls(), *rows["other_grader"].drop_nulls()})
    checks = (
        (pl.col("copies") > 1, "the set asks it more than once; add the filter that drops copies"),
        (pl.col("index").is_null(), "the set does not hold it; run the sample stage again"),
        (pl.col("sampled") == 0, "it has no sample; run the sample stage again"),
        (
            (pl.col("n") != pl.col("sampled")) | ~pl.col("same_samples"),
            "its verdicts are not those of its samples; run the verify stage again",
        ),
        (pl.col("illegal") > 0, "a verdict is not one of correct, wrong, unknown"),
        (pl.lit(len(graders) > 1), f"the draw has verdicts of more than one grader: {graders}"),
    )
    for fault, message in checks:
        if len(faulty := rows.filter(fault)):
            row = faulty.row(0, named=True)
            problem = f"set {row['set']!r}, index {row['index']}, problem {row['problem_id']}"
            raise ValueError(
                f"{', '.join(str(path) for path in verdicts)}: {problem}: {message} "
                f"({len(faulty)} problem(s); samples {row['sampled']}, verdicts {row['n']})"
            )
    return rows.select("draw", "set", "problem_id", "index", "n", "c", "d", "unknown", "grader")
