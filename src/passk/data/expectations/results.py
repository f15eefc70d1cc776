"""Results of expectation suites, as the stage `validate` writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Self

from pydantic import TypeAdapter

from passk.core.files import json_text
from passk.domains.expectations import ExpectationResult

FILTERED = "problems"  # the suite that also tells what filters did


@dataclass(frozen=True, kw_only=True)
class FilterStep:
    """One filter of a set, the order-th: rows in, rows out, and why rows went."""

    set: str
    order: int = 0
    filter: str
    rows_in: int
    rows_out: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class SuiteResult:
    """The result of an expectation suite.

    Attributes:
        study: whose tables were looked at.
        kind: problems, samples or verdicts.
        success: whether all expectations hold.
        frames: table -> rows that were looked at.
        expectations: each with its result.
        filters: steps of the filters of all sets, where the suite is that of problems.
    """

    study: str = ""
    kind: str = ""
    success: bool
    frames: Mapping[str, int] = field(default_factory=dict)
    expectations: Sequence[ExpectationResult]
    filters: Sequence[FilterStep] = ()

    @classmethod
    def parse(cls, document: object) -> Self:
        """A suite's result from the content of its file.

        Raises:
            ValueError: it is of another form; it names the field.
        """
        return TypeAdapter(cls).validate_python(document)

    def dump(self) -> str:
        """The content of its file: the same bytes for equal results."""
        document = asdict(self)
        if self.kind != FILTERED:
            del document["filters"]
        return json_text(document)

    @property
    def failed(self) -> int:
        """How many expectations fail."""
        return sum(not expectation.success for expectation in self.expectations)
