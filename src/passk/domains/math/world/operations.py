"""Operations on digit strings: the steps that chains of the `digits` world are made of.

Every operation maps the digit strings of one length onto themselves, one to one: whatever is done
to a uniformly drawn number, the result is uniform again, so that no answer is easier to guess than
another. Arithmetic is digit by digit, modulo 10, without carry.

Standard library only: the parser of chains imports this module in verification workers.
"""

from collections.abc import Callable

Digits = tuple[int, ...]


def _swap(x: Digits) -> Digits:
    """Exchange neighbours: first with second, third with fourth; an odd last digit stays."""
    pairs = [x[i : i + 2][::-1] for i in range(0, len(x), 2)]
    return tuple(digit for pair in pairs for digit in pair)


# In order of popularity: a text that applies an operation without reason applies the first most.
OPERATIONS: dict[str, Callable[[Digits], Digits]] = {
    "reverse": lambda x: x[::-1],
    "up": lambda x: tuple((digit + 1) % 10 for digit in x),
    "left": lambda x: x[1:] + x[:1],
    "flip": lambda x: tuple(9 - digit for digit in x),
    "right": lambda x: x[-1:] + x[:-1],
    "triple": lambda x: tuple(3 * digit % 10 for digit in x),
    "swap": _swap,
    "down": lambda x: tuple((digit - 1) % 10 for digit in x),
    "seven": lambda x: tuple(7 * digit % 10 for digit in x),
}


_INVERSES = {
    "reverse": "reverse",
    "up": "down",
    "left": "right",
    "flip": "flip",
    "right": "left",
    "triple": "seven",
    "swap": "swap",
    "down": "up",
    "seven": "triple",
}


def inverse(name: str) -> str:
    """The operation that undoes another.

    Example:
        >>> inverse("left"), inverse("triple")
        ('right', 'seven')
    """
    return _INVERSES[name]


def digits(text: str) -> Digits:
    """The digits of a number as written, leading zeros included."""
    return tuple(map(int, text))


def text(number: Digits) -> str:
    """A number as written."""
    return "".join(map(str, number))
