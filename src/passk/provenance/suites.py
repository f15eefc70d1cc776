"""Results of expectation suites, as the stage `validate` wrote them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from passk.config import paths
from passk.provenance.explain import ExplainError

T = TypeVar("T")


@dataclass(frozen=True)
class ExpectationResult:
    """One expectation: what it is called, of which table, and how many rows failed it."""

    name: str
    frame: str
    success: bool
    checked: int
    failed: int
    remedy: str


@dataclass(frozen=True)
class FilterStep:
    """One filter of a set, the order-th: rows in, rows out, and why rows went."""

    set: str
    order: int
    filter: str
    rows_in: int
    rows_out: int
    reason: str


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
    frames: Mapping[str, int]
    expectations: Sequence[ExpectationResult]
    filters: Sequence[FilterStep] = ()

    @property
    def failed(self) -> int:
        """How many expectations fail."""
        return sum(not expectation.success for expectation in self.expectations)


def read_suite(study: str, kind: str, root: Path = Path()) -> SuiteResult:
    """The result of an expectation suite.

    Raises:
        ExplainError: no such suite, or its file cannot be read.
    """
    path = root / paths.validation(study, kind)
    if not path.exists():
        known = sorted(p.stem for p in path.parent.glob("*.json"))
        raise ExplainError(
            f"validation: no row kind={kind}; kind here: {', '.join(known) or 'none yet'}"
        )
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise ExplainError(f"{path}: not readable JSON: {error}") from None
    return SuiteResult(
        success=content["success"],
        frames=content["frames"],
        expectations=[_select(ExpectationResult, entry) for entry in content["expectations"]],
        filters=[_select(FilterStep, entry) for entry in content.get("filters", ())],
    )


def _select(kind: type[T], entry: Mapping[str, Any]) -> T:
    """An object of a class from an entry that may hold more than its fields."""
    return kind(**{field.name: entry[field.name] for field in fields(kind)})  # type: ignore[arg-type]
