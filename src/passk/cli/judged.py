"""What `passk judge` writes, whatever the domain, and what it says of it."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from passk.core.rows import RecordedError
from passk.core.schemas.verdicts import VERDICTS
from passk.core.tables import Table

# Verdicts outside a study: the contract of a study's, and what `passk disagreements` adds.
JUDGED = Table(
    "judged",
    1,
    {
        **VERDICTS.columns,
        "index": pl.Int64(),
        "gold": pl.String(),
        "recorded_grade": pl.Boolean(),
    },
    key=("draw", "set", "index", "sample_index"),
    nullable=VERDICTS.nullable | {"recorded_grade"},
)


def check_out(out: Path, inputs: Sequence[Path]) -> None:
    """Verdicts go to a Parquet file of their own, never over what was read.

    Raises:
        RecordedError: a folder, an input, or another kind of file.
    """
    if out.is_dir():
        raise RecordedError(f"--out {out}: a folder; name a file, e.g. {out / 'verdicts.parquet'}")
    if out.resolve() in {path.resolve() for path in inputs}:
        raise RecordedError(f"--out {out}: is an input and would be overwritten; name another file")
    if out.suffix != ".parquet":
        raise RecordedError(f"--out {out}: verdicts are written as Parquet; end it in .parquet")


def check_inputs(*paths: Path | None) -> None:
    """Raise RecordedError for a file that is not there."""
    for path in paths:
        if path is not None and not path.exists():
            raise RecordedError(f"{path}: no such file")


def summary(verdicts: pl.DataFrame, out: Path) -> str:
    """What was found, in a few lines."""
    counts = dict(verdicts["verdict"].value_counts().iter_rows())
    problems = verdicts["problem_id"].n_unique()
    solved = verdicts.filter(pl.col("verdict") == "correct")["problem_id"].n_unique()
    lines = [
        f"{out}: {verdicts.height} samples of {problems} problems, "
        + ", ".join(f"{counts.get(v, 0)} {v}" for v in ("correct", "wrong", "unknown")),
        f"solved at least once: {solved} of {problems}; grader {verdicts['grader'][0]}",
    ]
    if verdicts["recorded_grade"].null_count() < verdicts.height:
        graded = verdicts.drop_nulls("recorded_grade")
        flips = int(((graded["verdict"] == "correct") != graded["recorded_grade"]).sum())
        lines.append(f"differ from the recorded grades: {flips} (`passk disagreements` lists them)")
    return "\n".join(lines)
