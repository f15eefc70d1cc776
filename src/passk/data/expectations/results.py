"""Results of expectation suites, as the stage `validate` writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class ExpectationResult:
    """One expectation: what it is called, of which table, and how many rows failed it."""

    name: str
    success: bool
    frame: str = ""
    checked: int = 0
    failed: int = 0
    remedy: str = ""


@dataclass(frozen=True)
class FilterStep:
    """One filter of a set, the order-th: rows in, rows out, and why rows went."""

    set: str
    filter: str
    rows_in: int
    rows_out: int
    reason: str
    order: int = 0


@dataclass(frozen=True)
class SuiteResult:
    """The result of an expectation suite.

    Attributes:
        success: whether all expectations hold.
        frames: table -> rows that were looked at.
        expectations: each with its result.
        filters: steps of the filters of all sets, where the suite is that of problems.
    """

    success: bool
    expectations: Sequence[ExpectationResult]
    frames: Mapping[str, int] = field(default_factory=dict)
    filters: Sequence[FilterStep] = ()

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """A suite's result as its file holds it.

        Raises:
            KeyError: it says neither `success` nor `expectations`.
            TypeError: an entry lacks a field.
        """
        return cls(
            document["success"],
            [_select(ExpectationResult, entry) for entry in document["expectations"]],
            document.get("frames", {}),
            [_select(FilterStep, entry) for entry in document.get("filters", ())],
        )

    @property
    def failed(self) -> int:
        """How many expectations fail."""
        return sum(not expectation.success for expectation in self.expectations)


def _select(kind: type[T], entry: Mapping[str, Any]) -> T:
    """An object of a class from an entry that may hold more than its fields."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in entry.items() if name in names})
