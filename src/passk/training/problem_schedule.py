"""Which problems a training step asks: a pure function of the seed, the step and the round.

No state is carried between steps, so a resumed run asks what an uninterrupted one would have.

A curriculum (`passk.training.curricula`) says which problems may be asked at a step.
"""

from collections.abc import Collection

import numpy as np

from passk.core.digests import seed


def choose_problems(count: int, prompts: int, step: int, *identity: int | str) -> list[int]:
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
        >>> first, second = (choose_problems(4, 2, step, 0) for step in (1, 2))
        >>> sorted(first + second)
        [0, 1, 2, 3]
    """
    if count < 1:
        raise ValueError("no problem to train on; loosen the set's filters")
    positions = range((step - 1) * prompts, step * prompts)
    passes = {p // count for p in positions}
    orders = {p: _permute(count, "order", *identity, p) for p in passes}
    return [int(orders[p // count][p % count]) for p in positions]


def choose_further_problems(
    count: int,
    number_wanted: int,
    earlier: Collection[int],
    step: int,
    number: int,
    *identity: int | str,
) -> list[int]:
    """Positions of the problems of a further round of a step: those not asked yet come first.

    Args:
        count: problems that may be asked.
        number_wanted: problems to ask.
        earlier: positions that earlier rounds of the step asked.
        step: counted from 1.
        number: of the round, from 2.
        identity: as in `choose_problems`.

    Returns:
        `wanted` distinct positions in 0..count-1, or all of them where there are fewer.

    Example:
        >>> choose_further_problems(3, 1, [0, 2], 1, 2, 0)
        [1]
    """
    order = _permute(count, "refill", *identity, step, number).tolist()
    # The sort is stable: each part stays in random order.
    return sorted(order, key=lambda i: i in earlier)[:number_wanted]


def _permute(count: int, *named: int | str) -> np.ndarray:
    """A random order of 0..count-1."""
    return np.random.default_rng(seed(*named)).permutation(count)
