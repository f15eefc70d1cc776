"""What must hold of verdicts."""

from collections.abc import Mapping

import polars as pl

from passk.core.schemas.verdicts import CORRECT, UNKNOWN, WRONG
from passk.data.expectations.declared import DeclaredDraw
from passk.data.expectations.groups import complete, completeness, exempt, faults, shares
from passk.domains.expectations import Expect, Frame, expect_at_most, expect_none

COLUMNS = (
    "draw", "set", "problem_id", "sample_index", "answer", "verdict", "reason", "grader",
)  # fmt: skip
_KEY = ("draw", "set", "index", "problem_id")
_FAULTS = ("strange_verdict", "no_reason", "correct_without_answer")


def frames(
    verdicts: Mapping[str, pl.DataFrame],
    problems: pl.DataFrame,
    draws: Mapping[str, DeclaredDraw],
    *,
    imported_same_n: bool,
) -> dict[str, Frame]:
    """Condense verdicts to a row per draw, set and problem, and a row per draw and set.

    Args:
        verdicts: draw -> its verdicts (`COLUMNS`).
        problems: `set, index, problem_id` of all sets.
        draws: the declared draws.
        imported_same_n: whether recorded draws must have one n, too.
    """
    rows = pl.concat([frame.select(COLUMNS) for frame in verdicts.values()])
    verdict = pl.col("verdict")
    rows = rows.with_columns(
        strange_verdict=~verdict.is_in([CORRECT, WRONG, UNKNOWN]),
        no_reason=pl.col("reason").is_null() | ((pl.col("reason") == "") & (verdict == UNKNOWN)),
        correct_without_answer=(verdict == CORRECT) & pl.col("answer").is_null(),
        is_unknown=verdict == UNKNOWN,
        is_correct=verdict == CORRECT,
    )
    cells = complete(
        faults(rows, _FAULTS), problems, draws, exempt(draws, imported_same_n)
    ).join(
        rows.group_by("draw", "set", "problem_id").agg(c=pl.col("is_correct").sum().cast(pl.Int64)),
        on=["draw", "set", "problem_id"],
        how="left",
    ).with_columns(c=pl.col("c").fill_null(0))  # fmt: skip
    per_draw = shares(rows, "is_unknown").rename({"is_unknown": "unknown"})
    graders = rows.group_by("draw", "set").agg(graders=pl.col("grader").n_unique().cast(pl.Int64))
    return {
        "cells": Frame(cells, _KEY, {name: (f"{name}_at",) for name in (*_FAULTS, "repeated")}),
        "draws": Frame(per_draw.join(graders, on=["draw", "set"]), ("draw", "set")),
    }


def expectations(unknown_at_most: float) -> list[Expect]:
    """The suite `verdicts`."""
    again = "run the draw's verify stage again: dvc repro -f verify@DRAW"
    return [
        *completeness("verdict", again),
        Expect(
            "no problem has more correct samples than samples (c <= n)",
            "cells",
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "n", "column_B": "c", "or_equal": True},
            again,
        ),
        expect_none(
            "strange_verdict", "cells", "every verdict is correct, wrong or unknown", again
        ),
        expect_none("no_reason", "cells", "every unknown verdict has a reason", again),
        expect_none(
            "correct_without_answer", "cells", "no sample is correct without an answer", again
        ),
        expect_at_most(
            unknown_at_most,
            "unknown",
            "draws",
            f"at most {unknown_at_most:.0%} of a draw's verdicts are unknown",
            "see the reasons in the verdicts; raise verification time limits or workers, or "
            "validation.unknown_at_most",
        ),
        Expect(
            "a draw is judged by one grader",
            "draws",
            "expect_column_values_to_be_between",
            {"column": "graders", "min_value": 1, "max_value": 1},
            again,
        ),
    ]
