"""Which problems several models have in common, and what is asked in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from passk.core.rows import RecordedError
from passk.logs.pairing import pair
from passk.logs.side import Key, Side, SideProblem, find, same_text, show


@dataclass(frozen=True)
class AlignedProblem:
    """A problem that all models answered.

    Attributes:
        key: set, and what tells it apart there.
        question, references: what is asked, and what is right.
        answered: each model's own of it.
    """

    key: Key
    question: str
    references: tuple[str, ...]
    answered: Mapping[str, SideProblem]

    @property
    def smallest_n(self) -> int:
        """The number of samples of the model that has the fewest."""
        return min(len(problem.samples) for problem in self.answered.values())


@dataclass(frozen=True)
class Alignment:
    """What models share.

    Attributes:
        problems: of all models, in the order of the first.
        by: what tells problems apart: `id`, or `question` where ids had nothing in common.
        only: of each model the problems that are left out, as another model lacks them or has too
            few samples, or as nothing tells what they ask where questions tell problems apart.
        reworded: problems whose question differs between models, say by a prompt's template.
        sides: each model's problems by the keys of `problems`; without those that nothing told
            apart.
    """

    problems: list[AlignedProblem]
    by: str
    only: Mapping[str, list[Key]] = field(default_factory=dict)
    reworded: int = 0
    sides: Mapping[str, Side] = field(default_factory=dict)


def align(sides: Mapping[str, Side], problems: Side | None = None, min_n: int = 1) -> Alignment:
    """The problems that all models answered.

    Args:
        sides: of each model, from `gather`.
        problems: questions and right answers from a file of their own, where there is one.
        min_n: problems with fewer samples of a model are left out.

    Raises:
        RecordedError: nothing is in common, a problem has no right answer, or two that differ.
    """
    paired = pair(sides)
    aligned = [_aligned(key, paired.sides, problems) for key in paired.keys]
    kept = [problem for problem in aligned if problem.smallest_n >= min_n]
    if not kept:
        raise RecordedError(f"min_n = {min_n}: no problem has so many samples of every model")
    keys = {problem.key for problem in kept}
    return Alignment(
        kept,
        paired.by,
        {
            name: [key for key in side if key not in keys] + paired.lost[name]
            for name, side in paired.sides.items()
        },
        sum(_reworded(problem) for problem in kept),
        paired.sides,
    )


def _aligned(key: Key, sides: Mapping[str, Side], problems: Side | None) -> AlignedProblem:
    answered = {name: side[key] for name, side in sides.items()}
    stated = _stated(key, answered, problems)
    questions = [problem.question for problem in (stated, *answered.values()) if problem]
    return AlignedProblem(
        key,
        next(filter(None, questions), None) or key[1],
        stated.references if stated else right_answers(key, list(answered.values())),
        answered,
    )


def _stated(
    key: Key, answered: Mapping[str, SideProblem], problems: Side | None
) -> SideProblem | None:
    """The problem as the file of problems has it, by its id or by its question.

    Raises:
        RecordedError: that file does not have it.
    """
    if problems is None:
        return None
    if (problem := find(problems, key, (p.question for p in answered.values()))) is not None:
        return problem
    place = next(iter(answered.values())).place
    raise RecordedError(
        f"{place}: problem {show(key[1])} is not in the file of problems; add it there, or "
        "name the column of ids of both files: --column problem_id=COLUMN"
    )


def right_answers(key: Key, answered: Sequence[SideProblem]) -> tuple[str, ...]:
    """What is right, as samples state it.

    Args:
        key: of the problem.
        answered: the problem as each side has it.

    Raises:
        RecordedError: none is stated, or two that differ.
    """
    first = next((problem for problem in answered if problem.references), None)
    if first is None:
        raise RecordedError(
            f"{answered[0].place}: problem {show(key[1])} has no right answer in the files; name "
            "the column that holds it, --column gold=COLUMN, or give a file of problems, "
            "--problems FILE"
        )
    for other in answered:
        if other.references and other.references != first.references:
            raise RecordedError(
                f"{other.place}: problem {show(key[1])} has the right answer "
                f"{' or '.join(other.references)!r}, and {' or '.join(first.references)!r} in "
                f"{first.place}; are the files of one benchmark? A file of problems, "
                "--problems FILE, decides"
            )
    return first.references


def _reworded(problem: AlignedProblem) -> bool:
    asked = [answered.question for answered in problem.answered.values() if answered.question]
    return not all(same_text(asked[0], other) for other in asked[1:])
