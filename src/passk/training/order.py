"""Which problems a training step asks: a pure function of the seed and the step.

No state is carried between steps, so a resumed run asks what an uninterrupted one would have.
"""

from collections.abc import Sequence

import numpy as np

from passk.digests import seed


def problems_of_step(count: int, prompts: int, step: int, *identity: int | str) -> list[int]:
    """Positions of the problems of a step: one pass over all in random order, then another.

    The passes are laid end to end and cut into steps, so a step may straddle two of them.

    Args:
        count: problems in the set.
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
    orders = {p: _permutation(count, p, identity) for p in passes}
    return [int(orders[p // count][p % count]) for p in positions]


def _permutation(count: int, number: int, identity: Sequence[int | str]) -> np.ndarray:
    """The order of one pass."""
    return np.random.default_rng(seed("order", *identity, number)).permutation(count)
