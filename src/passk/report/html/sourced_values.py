"""Numbers in prose: generated from a result table, each with the row it comes from.

A sentence is a sequence of words and numbers; it renders as plain text or as HTML in which every
number names its source.
"""

import math
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class ValueSource:
    """A row of a result table, and the column read.

    Attributes:
        table: the question, e.g. `pass_at_k`.
        column: the column, e.g. `high`.
        key: column and value pairs that name the row.
    """

    table: str
    column: str
    key: tuple[tuple[str, object], ...]

    @property
    def row(self) -> str:
        """The table and the row's key, as `passk explain` takes them in a shell."""
        words = (f"{name}={shlex.quote(str(value))}" for name, value in self.key)
        return " ".join([self.table, *words])


@dataclass(frozen=True)
class SourcedValue:
    """A number as it is shown, its exact value and its source."""

    text: str
    value: float | int | None
    source: ValueSource

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        value = "" if self.value is None else repr(self.value)
        title = f"{value} = {self.source.column} of {self.source.row}"
        return (
            f'<data value="{escape(value)}" data-source="{escape(self.source.row)}" '
            f'data-column="{escape(self.source.column)}" title="{escape(title)}">'
            f"{escape(self.text)}</data>"
        )


Part = str | SourcedValue


def source(table: str, column: str, **key: object) -> ValueSource:
    """Name a result table's row and column.

    Example:
        >>> source("pass_at_k", "low", draw="base", set="hard", k=1).row
        'pass_at_k draw=base set=hard k=1'
        >>> source("failures", "share", reason="wrong output").row
        "failures reason='wrong output'"
    """
    return ValueSource(table, column, tuple(key.items()))


def plain(parts: Iterable[Part]) -> str:
    """A sentence as plain text."""
    return "".join(map(str, parts))


def html(parts: Iterable[Part]) -> str:
    """A sentence as HTML; every number carries its source."""
    return "".join(p.__html__() if isinstance(p, SourcedValue) else _words(p) for p in parts)


def _words(text: str) -> str:
    """Words as HTML; an equation is not broken across lines."""
    together = text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    return escape(together.replace("(no crossover", "(no\N{NO-BREAK SPACE}crossover"))


def decimal(value: float | None, digits: int = 3, signed: bool = False) -> str:
    """A number with a fixed number of decimals; an undefined one is a dash, never 0.

    Example:
        >>> decimal(0.91125), decimal(-0.0004), decimal(0.25, 2, signed=True), decimal(None)
        ('0.911', '0.000', '+0.25', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    text = f"{abs(value):.{digits}f}"
    if not float(text):
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def shares_of_resamples(parts: Iterable[Part], resamples: int) -> list[Part]:
    """A sentence in which a share of resamples that would read as 0 is given its upper bound.

    None of N resamples shows less than 1 in N, not 0. The number keeps its value and its source.

    Example:
        >>> none = SourcedValue("0.000", 0.0, source("crossover", "p_none", comparison="grpo"))
        >>> plain(shares_of_resamples(["P(no crossover) = ", none], 1000))
        'P(no crossover) < 0.001'
    """
    found: list[Part] = []
    for part in parts:
        if isinstance(part, SourcedValue) and _reads_as_zero(part):
            if found and isinstance(found[-1], str):
                found[-1] = found[-1].removesuffix("= ")
            bound = math.ceil(1000 / resamples) / 1000
            found.append(replace(part, text=f"< {bound:.3f}"))
        else:
            found.append(part)
    return found


def _reads_as_zero(number: SourcedValue) -> bool:
    return number.source.column == "p_none" and number.text == decimal(0.0)


def attempts(value: float | None, beyond: int | None = None) -> str:
    """A k that may lie between whole numbers, or past the grid.

    Example:
        >>> attempts(5.27), attempts(64.0), attempts(130.4), attempts(None, beyond=256)
        ('5.3', '64', '130', '> 256')
    """
    if value is None:
        return "–" if beyond is None else f"> {beyond}"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
