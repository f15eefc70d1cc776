"""Responses to show whole: right and wrong ones to the hardest problems that a draw solves."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from passk.analysis.database import query

SQL = Path(__file__).parent / "examples.sql"


def examples(
    verdicts: Sequence[Path],
    samples: Sequence[Path],
    problems: Path,
    wanted: tuple[str, str, int],
    excluded: Sequence[str] = (),
) -> pl.DataFrame:
    """The result table `examples`.

    Args:
        verdicts: verdict tables of the draws.
        samples: their sample tables.
        problems: the set's table.
        wanted: the draw whose accuracy says what is hard, the set, how many problems.
        excluded: problems with one of these tags are left out.
    """
    base, name, count = wanted
    tables = {"verdicts": verdicts, "samples": samples, "problems": [problems]}
    options = {"base": base, "set": name, "problems": count, "excluded": list(excluded)}
    return query(SQL, tables, options)
