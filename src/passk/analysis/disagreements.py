"""Where two graders disagree, and how much they agree beyond chance; frames in, frames out."""

import math

import polars as pl

KEY = ("set", "problem_id", "sample_index")


def cohen_kappa(table: dict[tuple[str, str], int]) -> float:
    """Agreement of two graders beyond chance (Cohen 1960).

    kappa = (p_o - p_e) / (1 - p_e), where p_o is the share on which both agree and p_e the share
    expected from how often each gives each grade.

    Args:
        table: number of samples by (grade of the one, grade of the other).

    Returns:
        1 for perfect agreement, 0 for chance; NaN without samples, or where both always give
        the same single grade, since then chance explains everything.

    Example:
        >>> round(cohen_kappa({("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}), 6)
        0.4
    """
    total = sum(table.values())
    if not total:
        return math.nan
    rows: dict[str, int] = {}
    columns: dict[str, int] = {}
    for (row, column), count in table.items():
        rows[row] = rows.get(row, 0) + count
        columns[column] = columns.get(column, 0) + count
    observed = sum(n for (row, column), n in table.items() if row == column) / total
    chance = sum(n * columns.get(grade, 0) for grade, n in rows.items()) / total**2
    return math.nan if chance == 1 else (observed - chance) / (1 - chance)


def from_grades(frame: pl.DataFrame) -> pl.DataFrame:
    """Recorded grades as verdicts; samples without one are left out."""
    return frame.drop_nulls("recorded_grade").select(
        *KEY,
        verdict=pl.when(pl.col("recorded_grade"))
        .then(pl.lit("correct"))
        .otherwise(pl.lit("wrong")),
    )


def compare(new: pl.DataFrame, old: pl.DataFrame) -> pl.DataFrame:
    """The new verdicts beside the old ones, for samples that both have.

    Args:
        new: `set, problem_id, sample_index, verdict` and whatever else.
        old: `set, problem_id, sample_index, verdict`.

    Returns:
        `new` with `verdict` renamed to `new`, and the column `old`.
    """
    known = old.select(*KEY, old="verdict")
    return new.rename({"verdict": "new"}).join(
        known, on=KEY, how="inner", validate="1:1", maintain_order="left"
    )


def confusion(both: pl.DataFrame) -> dict[tuple[str, str], int]:
    """Number of samples by (old, new)."""
    counted = both.group_by("old", "new").len().sort("old", "new")
    return {(old, new): n for old, new, n in counted.iter_rows()}
