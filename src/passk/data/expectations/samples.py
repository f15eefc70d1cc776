"""What must hold of samples, within a draw and across all draws."""

from collections.abc import Mapping

import polars as pl

from passk.data.expectations.declared import DeclaredDraw
from passk.data.expectations.groups import complete, completeness, exempt, faults, shares
from passk.domains.expectations import Expect, Frame, expect_at_most, expect_none

COLUMNS = (
    "draw", "set", "problem_id", "sample_index", "seed", "prompt_digest", "n_tokens",
    "finish_reason",
)  # fmt: skip
FINISHES = ("stop", "length", "aborted", "unknown", "missing")
_KEY = ("draw", "set", "index", "problem_id")
_FAULTS = ("shared_streams", "no_seed", "no_tokens", "strange_finish", "several_prompts")


def frames(
    samples: Mapping[str, pl.DataFrame],
    problems: pl.DataFrame,
    draws: Mapping[str, DeclaredDraw],
    *,
    imported_same_n: bool,
) -> dict[str, Frame]:
    """Condense samples to a row per draw, set and problem, and a row per draw and set.

    Args:
        samples: draw -> its samples (`COLUMNS`).
        problems: `set, index, problem_id` of all sets.
        draws: the declared draws.
        imported_same_n: whether recorded draws must have one n, too.
    """
    rows = pl.concat([frame.select(COLUMNS) for frame in samples.values()])
    recorded = pl.col("draw").is_in([name for name, draw in draws.items() if draw.recorded])
    rows = rows.with_columns(
        shared_streams=pl.col("seed").is_not_null() & pl.col("seed").is_duplicated(),
        no_seed=pl.col("seed").is_null() & ~recorded,
        no_tokens=~recorded & ((pl.col("n_tokens") < 1) | pl.col("n_tokens").is_null()),
        strange_finish=~pl.col("finish_reason").is_in(FINISHES)
        | (~recorded & pl.col("finish_reason").is_in(FINISHES[3:])),
        several_prompts=pl.col("prompt_digest").n_unique().over("draw", "set", "problem_id") > 1,
        truncated=pl.col("finish_reason") == "length",
    )
    cells = complete(faults(rows, _FAULTS), problems, draws, exempt(draws, imported_same_n))
    details = {name: (f"{name}_at",) for name in (*_FAULTS, "repeated")}
    return {
        "cells": Frame(cells, _KEY, details),
        "draws": Frame(shares(rows, "truncated"), ("draw", "set")),
    }


def expectations(truncated_at_most: float) -> list[Expect]:
    """The suite `samples`."""
    again = "run the draw's sample stage again: dvc repro -f sample@DRAW"
    return [
        *completeness("sample", again),
        expect_none(
            "shared_streams",
            "cells",
            "no two samples share a random stream",
            "give the draws different replicates, or list a problem once",
        ),
        expect_none("no_seed", "cells", "every drawn sample has a stream", again),
        expect_none("no_tokens", "cells", "every drawn sample has at least one token", again),
        expect_none("strange_finish", "cells", "every finish reason is legal", again),
        expect_none(
            "several_prompts", "cells", "all samples of a problem have the same prompt", again
        ),
        expect_at_most(
            truncated_at_most,
            "truncated",
            "draws",
            f"at most {truncated_at_most:.0%} of a draw's samples are cut off",
            "raise the draw's max_new_tokens, or validation.truncated_at_most",
        ),
    ]
