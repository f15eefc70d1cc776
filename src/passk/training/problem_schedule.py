"""Which problems a training step asks: a pure function of the seed, the step and the round.

No state is carried between steps, so a resumed run asks what an uninterrupted one would have.

A curriculum says which problems may be asked at a step. To add one: write a function as
`Curriculum` says, list it in CURRICULA, and name it in `passk.training.settings`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from passk.core.digests import seed

# (level of each problem, step from 1, steps) -> positions of the problems that may be asked.
Curriculum = Callable[[Sequence[int | None], int, int], list[int]]


def uniform(levels: Sequence[int | None], step: int, steps: int) -> list[int]:
    """All problems at all times."""
    return list(range(len(levels)))


def easy_first(levels: Sequence[int | None], step: int, steps: int) -> list[int]:
    """The lowest level first; another one joins as each equal part of the run begins.

    With levels 1, 2, 3 the first third of the steps asks level 1, the second third levels 1 and 2,
    the last third all.

    Raises:
        ValueError: a problem has no level.

    Example:
        >>> [easy_first([1, 2, 1], step, 4) for step in (1, 2, 3)]
        [[0, 2], [0, 2], [0, 1, 2]]
    """
    known = sorted({level for level in levels if level is not None})
    if None in levels or not known:
        raise ValueError(
            "curriculum easy_first: not all problems have a level; use a set whose problems are "
            "tagged level-1, level-2 and so on, or curriculum: uniform"
        )
    open_levels = set(known[: (step - 1) * len(known) // steps + 1])
    return [i for i, level in enumerate(levels) if level in open_levels]


CURRICULA: Mapping[str, Curriculum] = MappingProxyType(
    {"uniform": uniform, "easy_first": easy_first}
)


def problems_of_step(count: int, prompts: int, step: int, *identity: int | str) -> list[int]:
    """Positions of the problems of a step: one pass over all in random order, then another.

    The passes are laid end to end and cut into steps, so a step may straddle two of them.

    Args:
        count: problems that may be asked.
        prompts: problems per step.
        step: counted from 1.
        identity: what the order derives from, e.g. study seed and arm's seed.

    Returns:
        `prompts` positions in 0..count-1.

    Example:
        >>> first, second = (problems_of_step(4, 2, step, 0) for step in (1, 2))
        >>> sorted(first + second)
        [0, 1, 2, 3]
    """
    if count < 1:
        raise ValueError("no problem to train on; loosen the set's filters")
    positions = range((step - 1) * prompts, step * prompts)
    passes = {p // count for p in positions}
    orders = {p: _permutation(count, "order", *identity, p) for p in passes}
    return [int(orders[p // count][p % count]) for p in positions]


def further_problems(
    count: int,
    wanted: int,
    asked: Collection[int],
    step: int,
    number: int,
    *identity: int | str,
) -> list[int]:
    """Positions of the problems of a further round of a step: those not asked yet come first.

    Args:
        count: problems that may be asked.
        wanted: problems to ask.
        asked: positions that earlier rounds of the step asked.
        step: counted from 1.
        number: of the round, from 2.
        identity: as in `problems_of_step`.

    Returns:
        `wanted` distinct positions in 0..count-1, or all of them where there are fewer.

    Example:
        >>> further_problems(3, 1, [0, 2], 1, 2, 0)
        [1]
    """
    order = _permutation(count, "refill", *identity, step, number).tolist()
    return sorted(order, key=lambda i: i in asked)[:wanted]  # stable: each part in random order


def _permutation(count: int, *named: int | str) -> np.ndarray:
    """A random order of 0..count-1."""
    return np.random.default_rng(seed(*named)).permutation(count)
