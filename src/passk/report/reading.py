"""What was read of somebody else's files, as the page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True)
class ReadFile:
    """A file: its name, the sixteen first hex digits of its SHA-256, and its format."""

    name: str
    digest: str
    format: str


@dataclass(frozen=True)
class GradeAgreement:
    """Verdicts beside recorded grades, unknown verdicts left out.

    Attributes:
        graded: samples with both.
        right_here, right_there: correct here and recorded wrong, and the reverse.
        kappa: Cohen's; None where both are constant.
    """

    graded: int
    right_here: int
    right_there: int
    kappa: float | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self | None:
        """From a row of the table `agreement`; None where nothing was graded."""
        if not row["graded"]:
            return None
        return cls(row["graded"], row["right_here"], row["right_there"], row["kappa"])


@dataclass(frozen=True)
class ReadDraw:
    """Everything that was read for a draw.

    Attributes:
        files: in the order in which they were read.
        columns: what was looked for -> where it was found.
        rows, left_out: rows read, and those that conditions left out.
        problems, samples: of the draw; of each problem from `smallest` to `largest` samples.
        cut: responses that ended at a stop string.
        running_on: responses that go on behind their answer, and were not cut.
        two_answers: responses that hold two final answers which differ, and were not cut.
        repeated: responses that an earlier file of the draw holds, word by word.
        scores: rows of a guessed column that holds scores and no grades; they count as ungraded.
        rescored, errors: rows of a response that was read already, and rows of no sample.
        empty, missing, truncated: responses without text, rows without a response, and
            responses that ended at their limit.
        ends_stated: responses of which the files say how they ended.
        only: problems that the other draw does not have; they are not compared.
        settings: how it was sampled, as the files state it: name -> the values that they have.
        agreement: with recorded grades, where there are any.
    """

    files: tuple[ReadFile, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    left_out: int = 0
    problems: int = 0
    samples: int = 0
    smallest: int = 0
    largest: int = 0
    cut: int = 0
    running_on: int = 0
    two_answers: int = 0
    repeated: int = 0
    scores: int = 0
    rescored: int = 0
    errors: int = 0
    empty: int = 0
    missing: int = 0
    truncated: int = 0
    ends_stated: int = 0
    only: int = 0
    settings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    agreement: GradeAgreement | None = None

    def graded(self, agreement: GradeAgreement | None) -> Self:
        """The same with how verdicts agree with recorded grades."""
        return replace(self, agreement=agreement)


@dataclass(frozen=True)
class UsedGrader:
    """Who judged a draw: name, version and options digest; and the options that were stated."""

    name: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadSamples:
    """What was read for each draw, who judged it, and what a reader should know of it."""

    draws: Mapping[str, ReadDraw] = field(default_factory=dict)
    graders: Mapping[str, UsedGrader] = field(default_factory=dict)
    notes: Sequence[str] = ()
