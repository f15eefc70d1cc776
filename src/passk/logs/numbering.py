"""Sample numbers within each problem of a file, kept in little memory: a bit a sample."""

from collections import Counter, defaultdict
from collections.abc import Iterator

Key = tuple[str | None, str]  # set, problem
_BITS = 1 << 16  # numbers below are bits of a whole number, others entries of a set


class Numbering:
    """The numbers of samples: as a row states them, else by order.

    Example:
        >>> numbering = Numbering()
        >>> [numbering.take((None, "a"), number) for number in (None, 3, None, 3)]
        [0, 3, 1, None]
    """

    def __init__(self) -> None:
        self._stated: defaultdict[Key, int] = defaultdict(int)
        self._large: defaultdict[Key, set[int]] = defaultdict(set)
        self._next: Counter[Key] = Counter()  # of samples whose row states none
        self._most: dict[Key, int] = {}

    def take(self, key: Key, stated: int | None) -> int | None:
        """The number of a sample; None where another sample states the same.

        One that another sample got by order gives way to the next that is free.
        """
        if stated is not None and self._is_stated(key, stated):
            return None
        if stated is None or stated < self._next[key]:
            number = self._next[key]
            while self._is_stated(key, number):
                number += 1
            self._next[key] = number + 1
        else:
            number = stated
        if stated is not None:
            self._state(key, number)
        self._most[key] = max(number, self._most.get(key, -1))
        return number

    def sizes(self) -> Iterator[tuple[Key, int]]:
        """Of each problem the number that follows its largest."""
        for key, most in self._most.items():
            yield key, most + 1

    def _is_stated(self, key: Key, number: int) -> bool:
        if number < _BITS:
            return bool(self._stated.get(key, 0) >> number & 1)
        return number in self._large.get(key, ())

    def _state(self, key: Key, number: int) -> None:
        if number < _BITS:
            self._stated[key] |= 1 << number
        else:
            self._large[key].add(number)
