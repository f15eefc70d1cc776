"""Which problems several models have in common, and what is asked in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from passk.core.rows import RecordedError
from passk.logs.side import ONE_SET, Key, Side, SideProblem, find

_NAMED = 3  # problems that a message names


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
            few samples.
        reworded: problems whose question differs between models, say by a prompt's template.
    """

    problems: list[AlignedProblem]
    by: str
    only: Mapping[str, list[Key]] = field(default_factory=dict)
    reworded: int = 0


def align(sides: Mapping[str, Side], problems: Side | None = None, min_n: int = 1) -> Alignment:
    """The problems that all models answered.

    Args:
        sides: of each model, from `gather`.
        problems: questions and right answers from a file of their own, where there is one.
        min_n: problems with fewer samples of a model are left out.

    Raises:
        RecordedError: nothing is in common, a problem has no right answer, or two that differ.
    """
    by = "id"
    sides = _as_one_set(sides)
    shared = _shared(list(sides.values()))
    if not shared:
        sides = {name: _by_question(side) for name, side in sides.items()}
        shared, by = _shared(list(sides.values())), "question"
    if not shared:
        firsts = "; ".join(f"{name}: {_named(list(side))}" for name, side in sides.items())
        raise RecordedError(
            f"no problem is in common, neither by id nor by question. The first are {firsts}. "
            "Name the column of the problem's id, or give files of one benchmark"
        )
    aligned = [_aligned(key, sides, problems) for key in shared]
    kept = [problem for problem in aligned if problem.smallest_n >= min_n]
    if not kept:
        raise RecordedError(f"min_n = {min_n}: no problem has so many samples of every model")
    keys = {problem.key for problem in kept}
    return Alignment(
        kept,
        by,
        {name: [key for key in side if key not in keys] for name, side in sides.items()},
        sum(_reworded(problem) for problem in kept),
    )


def _as_one_set(sides: Mapping[str, Side]) -> Mapping[str, Side]:
    """Sides of one set each, which one file's name tells and another's does not, are of one set."""
    sets = [{key[0] for key in side} for side in sides.values()]
    named = {name for side in sets for name in side if name != ONE_SET}
    if any(len(side) != 1 for side in sets) or len(named) != 1 or {ONE_SET} not in sets:
        return sides
    (one,) = named
    return {
        name: {(one, key[1]): problem for key, problem in side.items()}
        for name, side in sides.items()
    }


def _shared(sides: Sequence[Side]) -> list[Key]:
    first, *others = sides
    return [key for key in first if all(key in other for other in others)]


def _by_question(side: Side) -> Side:
    return {
        (key[0], problem.question): problem for key, problem in side.items() if problem.question
    }


def _aligned(key: Key, sides: Mapping[str, Side], problems: Side | None) -> AlignedProblem:
    answered = {name: side[key] for name, side in sides.items()}
    stated = _stated(key, answered, problems)
    questions = [problem.question for problem in (stated, *answered.values()) if problem]
    return AlignedProblem(
        key,
        next(filter(None, questions), None) or key[1],
        stated.references if stated else _references(key, list(answered.values())),
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
    raise RecordedError(f"{place}: problem {key[1]!r} is not in the file of problems; add it there")


def _references(key: Key, answered: Sequence[SideProblem]) -> tuple[str, ...]:
    first = next((problem for problem in answered if problem.references), None)
    if first is None:
        raise RecordedError(
            f"{answered[0].place}: problem {key[1]!r} has no right answer in the files; name the "
            "column that holds it, or give a file of problems"
        )
    for other in answered:
        if other.references and other.references != first.references:
            raise RecordedError(
                f"{other.place}: problem {key[1]!r} has the right answer "
                f"{' or '.join(other.references)!r}, and {' or '.join(first.references)!r} in "
                f"{first.place}; are the files of one benchmark? A file of problems decides"
            )
    return first.references


def _reworded(problem: AlignedProblem) -> bool:
    return len({answered.question for answered in problem.answered.values()}) > 1


def _named(keys: Sequence[Key]) -> str:
    return ", ".join(repr(problem)[:60] for _, problem in keys[:_NAMED]) or "none"
