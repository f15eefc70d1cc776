"""Counts alone: `problem, n, correct`, and optionally `unknown` and `set`, a row per problem."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from passk.comparing.draws import CANDIDATE, REFERENCE
from passk.comparing.run import complete_counts
from passk.core.digests import digest
from passk.core.rows import RecordedError, Row, read_rows
from passk.domains.verdict import CORRECT, UNKNOWN
from passk.logs.side import ONE_SET

PROBLEM = ("problem", "problem_index", "problem_id", "index", "id", "idx")
N, RIGHT = ("n", "samples", "num_samples", "total"), ("correct", "c", "num_correct")
VERDICTS = {"problem_id", "sample_index", "verdict"}  # columns of a table of verdicts

Counts = dict[tuple[str, str], tuple[int, int, int]]  # (set, problem) -> n, correct, unknown


def read_counts(path: Path, columns: dict[str, str]) -> Counts:
    """(set, problem) -> n, correct, unknown.

    Args:
        path: a table in any of the formats of rows; one of verdicts, as `passk judge` writes it,
            is counted.
        columns: kind (problem, n, correct, unknown, set) -> its column, where it has another name.

    Raises:
        RecordedError: a missing column, counts that no experiment gives, a problem twice.
    """
    counts: Counts = {}
    rows = read_rows(path)
    if rows and rows[0].values.keys() >= VERDICTS:
        return _count_verdicts(rows)
    for row in rows:
        problem = _cell(row, columns.get("problem"), PROBLEM, "problem")
        _check_optional(row, columns)
        name = str(row.values.get(columns.get("set", "set")) or ONE_SET)
        n = _whole(row, columns.get("n"), N, "n")
        correct = _whole(row, columns.get("correct"), RIGHT, "correct")
        unknown = _optional(row, columns.get("unknown", "unknown"))
        key = name, str(problem)
        if key in counts:
            raise RecordedError(f"{row.place}: problem {problem!r} stands there twice; drop one")
        if n < 1 or correct + unknown > n:
            raise RecordedError(
                f"{row.place}: n = {n}, correct = {correct}, unknown = {unknown} is impossible: "
                "n >= 1 and correct + unknown <= n must hold"
            )
        counts[key] = n, correct, unknown
    return counts


def _count_verdicts(rows: Sequence[Row]) -> Counts:
    """Counts of verdicts; a set that only repeats its draw's name is that of a file."""
    counts: Counts = {}
    for row in rows:
        values = row.values
        named = values.get("set") if values.get("set") != values.get("draw") else None
        key = str(named or ONE_SET), str(values["problem_id"])
        n, correct, unknown = counts.get(key, (0, 0, 0))
        verdict = values["verdict"]
        counts[key] = n + 1, correct + (verdict == CORRECT), unknown + (verdict == UNKNOWN)
    return counts


def shared(reference: Counts, candidate: Counts, min_n: int = 1) -> list[tuple[str, str]]:
    """The problems that both have at least so many samples of, in the order of the reference.

    Raises:
        RecordedError: there is none.
    """
    both = [key for key in reference if key in candidate]
    if not both:
        raise RecordedError(
            f"the two files have no problem in common; the first are {list(reference)[:3]} and "
            f"{list(candidate)[:3]}"
        )
    kept = [key for key in both if min(reference[key][0], candidate[key][0]) >= min_n]
    if not kept:
        most = max(min(reference[key][0], candidate[key][0]) for key in both)
        raise RecordedError(
            f"--min-n {min_n}: no problem has so many samples on both sides; the most is {most}"
        )
    return kept


def pair_counts(
    reference: Counts,
    candidate: Counts,
    keys: Sequence[tuple[str, str]],
    grader: str = "counts as given",
) -> pl.DataFrame:
    """The table COUNTS of the given problems, which both have."""
    rows = [
        (draw, key[0], digest("counted", *key)[:16], position, *counts[key])
        for draw, counts in ((REFERENCE, reference), (CANDIDATE, candidate))
        for position, key in enumerate(keys)
    ]
    schema = {
        "draw": pl.String(), "set": pl.String(), "problem_id": pl.String(), "index": pl.Int64(),
        "n": pl.Int64(), "c": pl.Int64(), "unknown": pl.Int64(),
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return complete_counts(frame.with_columns(grader=pl.lit(grader)))


def _check_optional(row: Row, columns: dict[str, str]) -> None:
    """Raise RecordedError where a column that is named, and may be left out, is not there."""
    for kind in ("set", "unknown"):
        if (column := columns.get(kind)) is not None and column not in row.values:
            raise RecordedError(
                f"{row.place}: no column {column!r}, which was named for {kind}; found "
                f"{', '.join(map(str, row.values))}"
            )


def _cell(row: Row, given: str | None, names: Sequence[str], kind: str) -> Any:  # noqa: ANN401
    column = given or next((name for name in names if name in row.values), None)
    if column is None or row.values.get(column) is None:
        raise RecordedError(
            f"{row.place}: no column of {kind}; found {', '.join(map(str, row.values))}. Name it: "
            f"--column {kind}=COLUMN"
        )
    return row.values[column]


def _whole(row: Row, given: str | None, names: Sequence[str], kind: str) -> int:
    value = _cell(row, given, names, kind)
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if number < 0 or str(value) not in {str(number), f"{number}.0"}:
        raise RecordedError(f"{row.place}: {kind} is {value!r}; expected 0, 1, ...")
    return number


def _optional(row: Row, column: str) -> int:
    return _whole(row, column, (), column) if row.values.get(column) is not None else 0
