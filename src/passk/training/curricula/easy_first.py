"""The curriculum `easy_first`: from easy problems to all."""

from collections.abc import Sequence


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
    distinct_levels = sorted({level for level in levels if level is not None})
    if None in levels or not distinct_levels:
        raise ValueError(
            "curriculum easy_first: not all problems have a level; use a set whose problems are "
            "tagged level-1, level-2 and so on, or curriculum: uniform"
        )
    open_levels = set(distinct_levels[: (step - 1) * len(distinct_levels) // steps + 1])
    return [i for i, level in enumerate(levels) if level in open_levels]
