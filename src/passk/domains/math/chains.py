"""Reading equations, inequalities and other relations: chains of formulas with signs between."""

import re
from collections.abc import Callable
from dataclasses import replace

from passk.domains.math.brackets import outside
from passk.domains.math.names import is_name, is_sum
from passk.domains.math.quantities import Value
from passk.domains.math.shapes import Named, Relation, Shape

Read = Callable[[str], Shape]

_SIGN = re.compile(
    r"(?:\\(?:le|ge|ne|approx|sim|equiv|in|notin|to|Rightarrow|implies|iff|Leftrightarrow|propto|"
    r"cong|parallel|perp|subset|subseteq|mid|forall|exists|land|lor|lnot)(?![A-Za-z])|[<>=≅])"
)
_APPROX = "\\approx"
_LETTERS = re.compile(r"[A-Za-z]{2,}")
_VARIABLE = re.compile(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])")


def has_sign(text: str) -> bool:
    """Whether a relation stands in a text, outside of all brackets."""
    return _SIGN.search(outside(text)) is not None


def read_chain(text: str, read: Read) -> Shape:
    """The shape of a text with a relation in it.

    Args:
        text: in the one spelling.
        read: reads parts.
    """
    signs = list(_SIGN.finditer(outside(text)))
    bounds = [0, *(end for sign in signs for end in sign.span()), len(text)]
    members = [text[bounds[i] : bounds[i + 1]].strip(" &") for i in range(0, len(bounds), 2)]
    marks = [sign[0] for sign in signs]
    if _APPROX in marks and set(marks) <= {"=", _APPROX}:
        members, marks = _without_rounded(members, marks)
    elif marks == ["\\equiv"] and is_name(members[0]):
        marks = ["="]
    if not marks:
        return read(members[0])
    named = _read_named(members, read) if set(marks) == {"="} and members[-1] else None
    return Relation(tuple(members), tuple(marks)) if named is None else named


def _without_rounded(members: list[str], marks: list[str]) -> tuple[list[str], list[str]]:
    r"""Without what only rounds the value before it: `\sqrt{2} \approx 1.41`."""
    place = marks.index(_APPROX)
    if place or (members[0] and not is_name(members[0])):
        return members[: place + 1], marks[:place]
    return members, ["="] * len(marks)


def _read_named(members: list[str], read: Read) -> Shape | None:
    """A named value, or a value with an equals sign before it; None: an equation."""
    first, last = members[0], members[-1]
    if not first:
        return read(last)
    if len(members) == 2 and (negative := _read_negative(first, last, read)) is not None:
        return negative
    if is_sum(first) and last == "0":
        return None
    if is_name(first) and not _of_letters(members) and all(members):
        return Named(first.replace(" ", ""), _value(members[1:], read))
    if len(members) == 2 and is_name(last) and not is_name(first):
        return Named(last.replace(" ", ""), read(first))
    return None


def _read_negative(first: str, last: str, read: Read) -> Named | None:
    """`-x = 5` as `x = -5`, whichever side has the name; None: neither is a negative name."""
    for name, value in ((first, last), (last, first)):
        bare = name.removeprefix("-").strip()
        if not name.startswith("-") or is_sum(name) or not is_name(bare) or is_name(value):
            continue
        shape = read(value)
        if isinstance(shape, Value) and not shape.percent:
            return Named(bare.replace(" ", ""), replace(shape, formula=_negated(shape.formula)))
    return None


def _negated(formula: str) -> str:
    if is_sum(formula):
        return f"-({formula})"
    return formula[1:].strip() if formula.startswith("-") else f"-{formula}"


def _value(members: list[str], read: Read) -> Shape:
    """What a name equals: the last member, and the numbers before it, which must be the same."""
    last = members[-1]
    numbers = [member for member in members[:-1] if not _VARIABLE.search(member)]
    if not numbers or _VARIABLE.search(last):
        return read(last)
    return Relation((*numbers, last), ("=",) * len(numbers))


def _of_letters(members: list[str]) -> bool:
    """Whether an equation is one of letters: `MR = SRMC`, `PV = nRT`."""
    return len(members) == 2 and all(
        _LETTERS.fullmatch(member.replace(" ", "")) for member in members
    )
