"""The paper's own numbers, to stand beside ours."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

FILE = Path(__file__).parent / "published.csv"
VALUES = ("pass_at_1", "pass_at_128", "pass_at_256")


@cache
def numbers() -> pl.DataFrame:
    """Columns `table, model, set, pass_at_1, pass_at_128, pass_at_256, read_off`.

    Values are shares, not points, null where the paper gives none; `read_off` is a word before a
    number that a figure shows and no text gives.
    """
    table = pl.read_csv(
        FILE, comment_prefix="#", schema_overrides=dict.fromkeys(VALUES, pl.Float64)
    )
    return table.with_columns(pl.col(VALUES) / 100)


def check(counterparts: Mapping[str, Mapping[str, str]]) -> None:
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
    row = _row(model, set_name)
    return None if row is None or row[column] is None else float(row[column])


def told(model: str | None, set_name: str | None) -> str:
    """A word before the paper's numbers for a model and a set, such as `about`; mostly empty."""
    row = _row(model, set_name)
    return "" if row is None else row["read_off"] or ""


def _row(model: str | None, set_name: str | None) -> dict[str, Any] | None:
    """The first row for a model and a set: tables that share one agree in their numbers."""
    if model is None or set_name is None:
        return None
    rows = numbers().filter(pl.col("model") == model, pl.col("set") == set_name)
    return None if rows.is_empty() else rows.row(0, named=True)


def gap(base: str | None, rl: str | None, set_name: str | None) -> float | None:
    """The paper's sampling efficiency gap pass@256(base) - pass@1(RL), from its table.

    Example:
        >>> round(gap("Qwen2.5-7B", "GRPO", "Omni-MATH-Test"), 3)
        0.44
    """
    reached, single = value(base, set_name, "pass_at_256"), value(rl, set_name, "pass_at_1")
    return None if reached is None or single is None else reached - single
