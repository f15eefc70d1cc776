"""What must hold of the problems of a domain, besides what must hold of all, by its name."""

from collections.abc import Iterable
from typing import Protocol

import polars as pl

from passk.core.registry import Registry
from passk.domains.expectations import Expect, Frame


class ProblemSuite(Protocol):
    """What must hold of a domain's problems, besides what must hold of all."""

    @property
    def name(self) -> str:
        """Of its frame."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the problem table that it reads."""

    def concerns(self, problems: pl.DataFrame) -> bool:
        """Whether there is anything to check in a set (all columns but the images')."""
        ...

    def frame(self, tables: Iterable[pl.DataFrame]) -> Frame:
        """Condense problem tables, taken one after the other, to counts of faults."""
        ...

    def expectations(self) -> list[Expect]:
        """What is expected of the frame."""
        ...


SUITES: Registry[ProblemSuite] = Registry(
    "suite",
    "passk.suites",
    {
        "code": "passk.domains.code.expectations:PROGRAMS",
        "visual": "passk.domains.visual.expectations:IMAGES",
    },
)
