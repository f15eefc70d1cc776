"""Responses to show whole: right and wrong ones to the hardest problems that a draw solves."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.core.tables import Table

SQL = Path(__file__).parent / "examples.sql"

EXAMPLES = Table(
    "examples",
    3,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "problem_id": pl.String(),
        "index": pl.Int64(),
        "rank": pl.Int64(),  # 1 for the problem that the reference solves most rarely
        "question": pl.String(),
        "choices": pl.List(pl.String()),  # null where the answer is free
        "image": pl.String(),  # digest; null where there is none
        "image_bytes": pl.Binary(),  # as the problem has it: PNG, whole
        "c": pl.Int64(),  # correct samples of the draw
        "n": pl.Int64(),
        "verdict": pl.String(),  # correct | wrong
        "reason": pl.String(),
        "sample_index": pl.Int64(),
        "text": pl.String(),  # the response, whole
    },
    key=("draw", "problem_id", "verdict"),
    nullable=frozenset({"choices", "image", "image_bytes"}),
)


def select_examples(
    verdicts: Sequence[Path],
    samples: Sequence[Path],
    problems: Path,
    *,
    reference: str,
    count: int,
    set_name: str,
    excluded: Sequence[str] = (),
) -> pl.DataFrame:
    """The result table `examples`.

    Args:
        verdicts: verdict tables of the draws.
        samples: their sample tables.
        problems: the set's table.
        reference: the draw whose accuracy says what is hard.
        count: how many problems.
        set_name: the set.
        excluded: problems with one of these tags are left out.
    """
    tables = {"verdicts": verdicts, "samples": samples, "problems": [problems]}
    options = {
        "reference": reference, "set": set_name, "problems": count, "excluded": list(excluded)
    }  # fmt: skip
    return query(SQL, tables, options)
