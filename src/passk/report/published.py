"""The paper's own numbers, to stand beside ours."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import polars as pl

FILE = Path(__file__).parent / "published.csv"


@cache
def numbers() -> pl.DataFrame:
    """Columns `table, model, set, pass_at_1, pass_at_256`; values as shares, not points."""
    table = pl.read_csv(FILE, comment_prefix="#")
    return table.with_columns(pl.col("pass_at_1", "pass_at_256") / 100)


def check(counterparts: Mapping[Literal["algorithms", "steps", "sets"], Mapping[str, str]]) -> None:
    """Refuse names that the paper's tables do not hold.

    Raises:
        ValueError: a counterpart is no model and no set there; legal ones are listed.
    """
    for kind, names in counterparts.items():
        column = "set" if kind == "sets" else "model"
        legal = numbers()[column].unique(maintain_order=True).to_list()
        for name, counterpart in names.items():
            if counterpart not in legal:
                raise ValueError(
                    f"report.counterparts.{kind}.{name} = {counterpart!r}: not in the paper's "
                    f"tables; legal: {', '.join(legal)}"
                )


def value(model: str | None, set_name: str | None, column: str) -> float | None:
    """The paper's number for a model and a set; None where it gives none."""
    if model is None or set_name is None:
        return None
    found = numbers().filter(pl.col("model") == model, pl.col("set") == set_name)[column]
    return None if found.is_empty() else float(found[0])


def gap(base: str | None, rl: str | None, set_name: str | None) -> float | None:
    """The paper's sampling efficiency gap pass@256(base) - pass@1(RL), from its table.

    Example:
        >>> round(gap("Qwen2.5-7B", "GRPO", "Omni-MATH-Test"), 3)
        0.44
    """
    reached, single = value(base, set_name, "pass_at_256"), value(rl, set_name, "pass_at_1")
    return None if reached is None or single is None else reached - single
