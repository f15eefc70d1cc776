"""Estimates with their limits as parts of a sentence, each number with its source."""

from collections.abc import Mapping
from typing import Any

from passk.report.html.sourced_values import Part, SourcedValue, attempts, decimal, source


def interval(
    table: str,
    column: str,
    row: Mapping[str, Any],
    key: Mapping[str, Any],
    *,
    signed: bool = False,
    limits: tuple[str, str] = ("low", "high"),
) -> list[Part]:
    """An estimate with its limits in brackets, each with its source."""

    def number(name: str) -> SourcedValue:
        return SourcedValue(
            decimal(row[name], signed=signed), row[name], source(table, name, **key)
        )

    low, high = limits
    return [number(column), " [", number(low), ", ", number(high), "]"]


def crossing_parts(row: Mapping[str, Any], largest: int) -> list[Part]:
    """The crossover with its limits and P(no crossover), or that there is none."""
    key = {"comparison": row["comparison"], "set": row["set"]}

    def number(name: str, text: str) -> SourcedValue:
        return SourcedValue(text, row[name], source("crossover", name, **key))

    none: list[Part] = ["P(no crossover) = ", number("p_none", decimal(row["p_none"]))]
    if row["crossover_k"] is None:
        return [number("crossover_k", "no crossover"), f" up to k = {largest}, ", *none]
    limits: list[Part] = [
        " [", number("low", attempts(row["low"], largest)),
        ", ", number("high", attempts(row["high"], largest)), "], ",
    ]  # fmt: skip
    return [
        "crossover at k = ",
        number("crossover_k", attempts(row["crossover_k"])),
        *limits,
        *none,
    ]
