"""The functions that questions of the `digits` world name: what they do, and under which condition.

A function does one operation in its usual case and another one otherwise. The conditions differ
in how hard they are to see: none, the size of the last digit, the order of the first and the last,
the parity of the sum of all digits.
Nothing in a question says what a name means: that is what a corpus teaches.

Standard library only: the parser of chains imports this module in verification workers.
"""

from collections.abc import Callable
from typing import NamedTuple

from passk.domains.math.world.operations import Digits

CONDITIONS: dict[str, Callable[[Digits], bool]] = {
    "always": lambda x: True,
    "small": lambda x: x[-1] < 5,
    "rising": lambda x: x[0] <= x[-1],
    "sum": lambda x: sum(x) % 2 == 0,
}


class Function(NamedTuple):
    """Operation in the usual case (the condition holds), and otherwise."""

    condition: str
    usual: str
    otherwise: str


# In order of popularity in a corpus.
FUNCTIONS: dict[str, Function] = {
    "f": Function("always", "reverse", "reverse"),
    "g": Function("small", "up", "triple"),
    "h": Function("sum", "left", "flip"),
    "k": Function("rising", "reverse", "swap"),
    "m": Function("always", "flip", "flip"),
    "n": Function("rising", "up", "right"),
    "p": Function("small", "left", "seven"),
    "q": Function("rising", "right", "down"),
    "r": Function("always", "triple", "triple"),
    "s": Function("sum", "reverse", "up"),
    "t": Function("small", "flip", "swap"),
    "u": Function("always", "down", "down"),
}


def operation(name: str, number: Digits) -> str:
    """What a function does to a number.

    Example:
        >>> operation("g", (1, 2)), operation("g", (1, 7))
        ('up', 'triple')
    """
    function = FUNCTIONS[name]
    return function.usual if CONDITIONS[function.condition](number) else function.otherwise
