"""Questions of the `digits` world: four families, how they are written and read.

    nested    g(h(48213))             h first, then g
    pipe      h then g on 48213       the same, in other words
    repeat    g^3(48213)              g three times
    undo      undo h then g on 48213  in each step the opposite of what the function would do

The number always stands last. Standard library only: the parser of chains imports this module in
verification workers.
"""

import re
from dataclasses import dataclass

from passk.domains.math.world.functions import FUNCTIONS
from passk.domains.math.world.operations import Digits, digits, text

LEAST_LEVEL = {"nested": 1, "pipe": 1, "repeat": 2, "undo": 1}
FAMILIES = tuple(LEAST_LEVEL)

_NAME = f"[{''.join(FUNCTIONS)}]"
_NESTED = re.compile(rf"((?:{_NAME}\()+)(\d+)(\)+)")
_PIPE = re.compile(rf"(undo )?({_NAME}(?: then {_NAME})*) on (\d+)")
_REPEAT = re.compile(rf"({_NAME})\^([2-9])\((\d+)\)")


@dataclass(frozen=True)
class DigitsQuestion:
    """What a question asks.

    Attributes:
        family: one of FAMILIES.
        names: the functions in the order in which they are applied; their number is the level.
        number: what they are applied to.
    """

    family: str
    names: tuple[str, ...]
    number: Digits


def parse_question(question: str) -> DigitsQuestion | None:
    """Read a question; None where it is not one of this world.

    Example:
        >>> parse_question("g(h(48213))").names
        ('h', 'g')
    """
    question = question.strip()
    if match := _PIPE.fullmatch(question):
        family = "undo" if match[1] else "pipe"
        return DigitsQuestion(family, tuple(match[2].split(" then ")), digits(match[3]))
    if match := _REPEAT.fullmatch(question):
        return DigitsQuestion("repeat", (match[1],) * int(match[2]), digits(match[3]))
    match = _NESTED.fullmatch(question)
    if match is None or match[1].count("(") != len(match[3]):
        return None
    return DigitsQuestion("nested", tuple(reversed(match[1].replace("(", ""))), digits(match[2]))


def write_question(question: DigitsQuestion) -> str:
    """The question's text: what a model sees; the inverse of `parse_question`."""
    names, number = question.names, text(question.number)
    match question.family:
        case "nested":
            return "".join(f"{name}(" for name in reversed(names)) + number + ")" * len(names)
        case "pipe":
            return f"{' then '.join(names)} on {number}"
        case "repeat":
            return f"{names[0]}^{len(names)}({number})"
        case "undo":
            return f"undo {' then '.join(names)} on {number}"
    raise ValueError(f"family {question.family!r}: legal are {', '.join(FAMILIES)}")
