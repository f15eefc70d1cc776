"""Estimates with their limits as parts of a sentence, each number with its source."""

from collections.abc import Mapping

from passk.analysis.questions.tracing import ResultRow
from passk.report.html.sourced_values import (
    Part,
    SourcedValue,
    cite,
    format_attempts,
    format_decimal,
)


def format_interval(
    table: str,
    column: str,
    row: ResultRow,
    key: Mapping[str, object],
    *,
    signed: bool = False,
    limits: tuple[str, str] = ("low", "high"),
) -> list[Part]:
    """An estimate with its limits in brackets, each with its source."""

    def number(name: str) -> SourcedValue:
        return SourcedValue(
            format_decimal(row[name], signed=signed), row[name], cite(table, name, **key)
        )

    low, high = limits
    return [number(column), " [", number(low), ", ", number(high), "]"]


def format_crossing(row: ResultRow, largest: int) -> list[Part]:
    """The crossover with its limits and P(no crossover), or that there is none."""
    key = {"comparison": row["comparison"], "set": row["set"]}

    def number(name: str, text: str) -> SourcedValue:
        return SourcedValue(text, row[name], cite("crossover", name, **key))

    none: list[Part] = ["P(no crossover) = ", number("p_none", format_decimal(row["p_none"]))]
    if row["crossover_k"] is None:
        return [number("crossover_k", "no crossover"), f" up to k = {largest}, ", *none]
    limits: list[Part] = [
        " [", number("low", format_attempts(row["low"], largest)),
        ", ", number("high", format_attempts(row["high"], largest)), "], ",
    ]  # fmt: skip
    return [
        "crossover at k = ",
        number("crossover_k", format_attempts(row["crossover_k"])),
        *limits,
        *none,
    ]
