"""One side of a comparison: everything that its files hold, by problem."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from passk.core.rows import RecordedError
from passk.logs.sample import LogSample

Key = tuple[str, str]  # set, problem
ONE_SET = "all"  # what problems are of where no row names a set
_SHOWN = 80  # characters of a text in a message


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
        RecordedError: one problem with two right answers that differ, or one id with two questions.
    """
    side: Side = {}
    for sample in samples:
        key = sample.set or ONE_SET, sample.problem
        problem = side.get(key)
        if problem is None:
            problem = side[key] = SideProblem(sample.place, sample.question, sample.references)
        else:
            _check(sample, problem)
        problem.samples.append(sample)
    return side


def _check(sample: LogSample, problem: SideProblem) -> None:
    """Raise RecordedError where a sample is of another problem than those of its id before."""
    if problem.question and not same_text(sample.question or problem.question, problem.question):
        raise RecordedError(
            f"{sample.place}: problem {show(sample.problem)} asks {show(str(sample.question))}, "
            f"and {show(problem.question)} in {problem.place}: one id, two questions. Name what "
            "tells these problems apart (--column problem_id=COLUMN or set=COLUMN) or, where this "
            "is a prompt that differs by sample, the question's own column (problem=COLUMN)"
        )
    if problem.references and sample.references and problem.references != sample.references:
        raise RecordedError(
            f"{sample.place}: problem {show(sample.problem)} has the right answer "
            f"{_listed(sample.references)}, and {_listed(problem.references)} in "
            f"{problem.place}; name a column that tells these problems apart (--column "
            "problem_id=COLUMN), or mend one"
        )
    problem.question = problem.question or sample.question
    problem.references = problem.references or sample.references


def same_text(first: str | None, second: str | None) -> bool:
    """Whether two texts are the same but for white space."""
    return first == second or (first or "").split() == (second or "").split()


def show(text: str) -> str:
    """A text for messages, in quotes and short."""
    shown = repr(text)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."


def find(problems: Side, key: Key, questions: Iterable[str | None]) -> SideProblem | None:
    """A problem as a file of problems has it: by its id or a question, of its set or of no set.

    Raises:
        RecordedError: its id leads to one problem, and its question to another.
    """
    named = _of_set(problems, key)
    for question in filter(None, questions):
        other = _of_set(problems, (key[0], question))
        if named is None:
            named = other
        elif other is not None and not same_text(question, named.question):
            raise RecordedError(
                f"{named.place}: {show(key[1])} is the id of a problem that asks "
                f"{show(str(named.question))}, but samples of that id ask {show(question)}, as "
                f"{other.place} does; name the column of ids in both files, or of questions in "
                "place of it: --column problem_id=COLUMN"
            )
    return named


def _of_set(problems: Side, key: Key) -> SideProblem | None:
    return problems.get(key) or problems.get((ONE_SET, key[1]))


def _listed(references: tuple[str, ...]) -> str:
    return " or ".join(map(repr, references)) or "none"
