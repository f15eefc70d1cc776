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
class ContaminatedProblem:
    """A test problem, by its index, and the training problem that gives it away.

    Attributes:
        same: whether all words are the same; else `share` of its runs of words are.
    """

    index: int
    training_index: int
    same: bool
    share: float


@dataclass(frozen=True, kw_only=True)
class ContaminationResult:
    """A test set beside a training set.

    Attributes:
        n, share: of the comparison; see `passk.data.contamination`.
        training_problems, test_problems: what was compared.
        short: test problems of fewer than n words, which were compared whole alone.
        same, overlapping: test problems that are the same as one, and that overlap with one.
        problems: the first of these.
    """

    training: str
    test: str
    n: int
    share: float
    training_problems: int
    test_problems: int
    short: int
    same: int
    overlapping: int
    problems: Sequence[ContaminatedProblem] = ()

    @property
    def found(self) -> int:
        """Test problems that are given away."""
        return self.same + self.overlapping


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
        contamination: test sets beside training sets, likewise; empty where none are published.
    """

    study: str = ""
    kind: str = ""
    success: bool
    frames: Mapping[str, int] = field(default_factory=dict)
    expectations: Sequence[ExpectationResult]
    filters: Sequence[FilterStep] = ()
    contamination: Sequence[ContaminationResult] = ()

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
        if not self.contamination:
            del document["contamination"]
        return json_text(document)

    @property
    def failed(self) -> int:
        """How many expectations fail."""
        return sum(not expectation.success for expectation in self.expectations)
