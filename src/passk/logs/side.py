"""One side of a comparison: everything that its files hold, by problem."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from passk.core.rows import RecordedError
from passk.logs.sample import LogSample

Key = tuple[str, str]  # set, problem
ONE_SET = "all"  # what problems are of where no row names a set


@dataclass
class SideProblem:
    """A problem as one side has it.

    Attributes:
        place: of its first row.
        question: its text, or None.
        references: right answers, or none.
        samples: in the order of the files.
    """

    place: str
    question: str | None
    references: tuple[str, ...]
    samples: list[LogSample] = field(default_factory=list)


Side = dict[Key, SideProblem]


def gather(samples: Iterable[LogSample]) -> Side:
    """The problems of a side, in the order in which they appear.

    Raises:
        RecordedError: one problem with two right answers that differ.
    """
    side: Side = {}
    for sample in samples:
        key = sample.set or ONE_SET, sample.problem
        problem = side.get(key)
        if problem is None:
            problem = side[key] = SideProblem(sample.place, sample.question, sample.references)
        elif sample.references and problem.references != sample.references:
            raise RecordedError(
                f"{sample.place}: problem {sample.problem!r} has the right answer "
                f"{_listed(sample.references)}, and {_listed(problem.references)} in "
                f"{problem.place}; name a column that tells these problems apart, or mend one"
            )
        problem.samples.append(sample)
    return side


def find(problems: Side, key: Key, questions: Iterable[str | None]) -> SideProblem | None:
    """A problem as a file of problems has it: by its id or a question, of its set or of no set."""
    for name in (key[1], *filter(None, questions)):
        for set_name in (key[0], ONE_SET):
            if (problem := problems.get((set_name, name))) is not None:
                return problem
    return None


def _listed(references: tuple[str, ...]) -> str:
    return " or ".join(map(repr, references)) or "none"
