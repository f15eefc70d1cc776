"""The curriculum `hard_first`."""

from collections.abc import Sequence


def hard_first(levels: Sequence[int | None], step: int, steps: int) -> list[int]:
    """The hardest problems at the first step, then all.

    Example:
        >>> hard_first([1, 2, 2], 1, 3), hard_first([1, 2, 2], 2, 3)
        ([1, 2], [0, 1, 2])
    """
    hardest = max(level or 0 for level in levels)
    return [i for i, level in enumerate(levels) if step > 1 or (level or 0) == hardest]
