"""Sets of problems of a world: the ladder's levels in turn, nothing asked twice."""

from collections.abc import Sequence
from itertools import count

from passk.domains.world import GeneratedProblem, World

_ATTEMPTS = 200  # draws of problems that the set already has, before it is said to be exhausted


def problem_set(
    world: World,
    *,
    split: str,
    families: Sequence[str],
    levels: Sequence[int],
    skew: float,
    size: int,
    seed: int,
) -> list[GeneratedProblem]:
    """The first `size` problems of a set; a larger size keeps the earlier problems.

    Args:
        world: where the problems come from.
        split: part of the question space; questions of two splits are never equal.
        families: drawn evenly.
        levels: problem i has level `levels[i % len(levels)]`.
        skew: popularity of what problems are made of; 0 is even.
        size: number of problems.
        seed: of the draws.

    Raises:
        ValueError: the split has no more problems of a level.
    """
    problems: list[GeneratedProblem] = []
    seen: set[tuple[str, str | None]] = set()
    for index in range(size):
        level = levels[index % len(levels)]
        for attempt in count():
            problem = world.problem(split, families, level, skew, (seed, index, attempt))
            image = problem.image.digest if problem.image else None
            if (problem.question, image) not in seen:
                break
            if attempt == _ATTEMPTS:
                raise ValueError(
                    f"world {world.name!r}, split {split!r}, level {level}: only {index} different "
                    "problems were found; lower the size, or ask for fewer of that level"
                )
        seen.add((problem.question, image))
        problems.append(problem)
    return problems
