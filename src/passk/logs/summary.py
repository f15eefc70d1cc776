"""How files of samples are read, and what was read of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from passk.logs.numbering import Key
from passk.logs.sample import LogSample
from passk.logs.stated_settings import Settings


@dataclass(frozen=True)
class LogReading:
    """How files are read; everything that is not stated is found out.

    Attributes:
        format: a name in `FORMATS`; None: recognised from the first row.
        fields: kind -> path, in place of the format's.
        where: path -> value, as text; other rows are left out.
        stop: strings before which a response ends.
        grade_from: the score from which a response is right.
        programs: whether a table's columns of programs are looked for before others.
    """

    format: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    stop: Sequence[str] = ()
    grade_from: float | None = None
    programs: bool = False


@dataclass
class LogSummary:
    """What was read, for people: counted while samples stream by.

    Attributes:
        files: name of each file -> its format.
        columns: kind -> the path that was read.
        rows, left_out: rows read, and rows that `where` left out.
        rescored: rows of a response that another scorer's row holds already.
        errors: rows that hold no sample, since something failed.
        samples: of each (set, problem).
        cut: responses that held a stop string.
        running_on: responses that seem to go on behind their answer, and were not cut.
        two_answers: responses, not cut, that hold two final answers which differ.
        repeated: responses, of some length, that an earlier file holds for the same problem.
        empty, missing: responses without text, and rows without a response.
        scores: rows of a column `score`, or the like, that was not named and holds no grade.
        truncated, graded: samples that ended at their limit, and that somebody graded.
        ends_stated: samples of which the files say how they ended.
        right: samples that somebody graded as right.
        settings: how samples were drawn, as rows state it.
        questions: hash of set and question -> the problem that asked it first.
        same_question: problems that ask what another problem asks.
    """

    files: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    left_out: int = 0
    rescored: int = 0
    errors: int = 0
    samples: Counter[Key] = field(default_factory=Counter)
    cut: int = 0
    running_on: int = 0
    two_answers: int = 0
    repeated: int = 0
    empty: int = 0
    missing: int = 0
    scores: int = 0
    truncated: int = 0
    ends_stated: int = 0
    graded: int = 0
    right: int = 0
    settings: Settings = field(default_factory=dict)
    questions: dict[int, str] = field(default_factory=dict)
    same_question: int = 0

    def add(self, sample: LogSample) -> None:
        """Count a sample of a problem."""
        key = sample.set, sample.problem
        self.samples[key] += 1
        if self.samples[key] == 1 and sample.question:
            asked = hash((sample.set, sample.question))
            self.same_question += self.questions.setdefault(asked, sample.problem) != sample.problem
