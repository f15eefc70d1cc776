r"""Which number a sentence states, and which sentence of a response concludes.

Nothing here sees the reference answer: a sentence states one number, or none that can be told.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from passk.verification.visual.markup import plain
from passk.verification.visual.quantities import WORDS, is_unit, numeral, values

_SPLIT = re.compile(r"\n+|(?<=[.!?])[ \t]+(?=[A-Z*$\\(\"'])")
_BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_LISTED = re.compile(r"\s{0,8}(?:[*+-]|\d{1,3}[.)])\s|\s{0,8}\|")
_ROW = re.compile(r"[^|\n]*\|")
# A number is looked for where none is glued to it: not the 2 of `x_2`, `x^2`, `A2`, `-2-3`.
_START = re.compile(r"(?<![\w.,^_{\\])(?=[-+−–]?\s?[$€£¥₹]?\s?\.?\d)")
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})\b")
_FILLERS = (
    "about approximately around roughly only exactly equal to a an total of the year week month day "
    "in at just also still therefore thus now simply nearly almost then number value there which "
    "is are be left approx"
).split()
_FILLED = rf"(?:(?:{'|'.join(_FILLERS)}|[:$=≈~])\s*){{0,6}}"
_VERBS = (
    "is are was were be being equals equal gives give has have had spend spends spent pay pays paid "
    "cost costs get gets reaches reach leaves leave leaving yields totals needs need becomes become "
    "remain remains shows approaches measures drove contains contain makes obtain took take takes "
    "about"
).split()
_STATES = re.compile(rf"\b(?:{'|'.join(_VERBS)})\b[\s:*]{{0,4}}{_FILLED}[*\s]{{0,4}}$")
_REACH = 90  # characters before a number in which its verb is looked for
_EQUALS = re.compile(r"(?:=|≈|\\approx|\bequals|\bequal to)[\s$*\\(]{0,4}$")
_OPERATOR = re.compile(
    r"[\s$)]{0,3}(?:[+*/×÷=^x−-]|\\(?:times|cdot|div|frac))[\s$(\\]{0,3}[\d.$(a-zA-Z\\]"
)
_CONCLUDES = re.compile(
    r"^\W{0,4}(?:and |but |or )?(?:therefore|thus|hence|so|consequently|accordingly|"
    r"in total|in all|altogether|overall|in general|in conclusion|finally|as a result|this means|"
    r"in summary|to summarize|(?:in|to|rounding to|rounded to) (?:one|two|three|\d) decimal places?)\b"
    r"|\b(?:therefore|thus|hence)\b|, so (?!it |they |that )",
    re.IGNORECASE,
)
_PLEASANTRY = re.compile(
    r"\W{0,3}(?:sure\b|yes, i can|i (?:see|understand|can (?:help|answer)|hope)\b|okay|certainly|of course|"
    r"(?:is there|do you|would you|let me know|here (?:is|are|'s)|please)\b)",
    re.IGNORECASE,
)


class _Number(NamedTuple):
    """A number in a sentence.

    Attributes:
        start, end: where it stands.
        text: as it is written.
    """

    start: int
    end: int
    text: str


def without_code(text: str) -> str:
    """A text without fenced blocks of code."""
    return "\n".join(text.split("```")[::2])


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without rows of tables and blank ones.

    Example:
        >>> sentences("It costs $3.50. So 2 cost $7.")
        ['It costs $3.50.', 'So 2 cost $7.']
    """
    parts = (part.strip() for part in _SPLIT.split(text))
    return [part for part in parts if part and part.count("|") < 2]


def is_listed(sentence: str) -> bool:
    """Whether a sentence is an item of a list: one of several, and no conclusion."""
    return _LISTED.match(sentence) is not None and not sentence.startswith("**")


def is_pleasantry(sentence: str) -> bool:
    """Whether a sentence only greets, offers help or takes leave."""
    return _PLEASANTRY.match(sentence) is not None


def concludes(sentence: str) -> bool:
    """Whether a sentence says that it follows from what stands before it."""
    return _CONCLUDES.search(sentence) is not None


def _numbers(sentence: str) -> Iterator[_Number]:
    end = 0
    for found in _START.finditer(sentence):
        if found.start() < end:
            continue
        match = numeral(sentence, found.start())
        if match is None or not values(match):
            continue
        after = sentence[match.end() :]
        glued = re.match(r"[A-Za-z]{1,4}", after)
        if glued and not is_unit(glued[0]):
            continue  # `4x`, `6th`, `3D`
        end = match.end()
        yield _Number(match.start(), end, match[0].strip())
    if not end:  # no digits at all: a number word may stand for them
        for word in _NUMBER_WORD.finditer(sentence.lower()):
            if not re.match(r"\s+of\b", sentence[word.end() :]):
                yield _Number(word.start(), word.end(), sentence[word.start() : word.end()])


def stated(sentence: str) -> str | None:
    r"""The number that a sentence states; None where it states none, or it cannot be told which.

    In this order, among what is bold if a number is: behind its first verb (`is`, `are`, `costs`,
    ...), or at the end of the equation that begins there; at the end of its last equation; the
    only number that it holds.

    Example:
        >>> stated("There are 4 flocks with at least 17 birds."), stated("It takes 2 + 3 = 5 days.")
        ('4', '5')
        >>> stated("The bars from 3 to 9 are blue.") is None
        True
    """
    if bold := _BOLD.findall(sentence):
        inside = [found for one in bold if (found := _stated(one))]
        if inside and len(set(inside)) == 1:
            return inside[0]
        if inside:
            return _stated(sentence) or inside[0]
    return _stated(sentence)


def _stated(sentence: str) -> str | None:
    found = list(_numbers(sentence))
    if not found:
        return None
    for place, number in enumerate(found):
        before = sentence[max(0, number.start - _REACH) : number.start]
        if _STATES.search(before):
            return _end_of_equation(sentence, found[place:]).text
    ends = [one for one in found if _closes(sentence, one)]
    if ends:
        return ends[-1].text
    alone = {plain(one.text) for one in found}
    return found[0].text if len(alone) == 1 else None


def _closes(sentence: str, number: _Number) -> bool:
    """Whether a number stands behind an equals sign, and nothing is done to it."""
    before = sentence[max(0, number.start - 16) : number.start]
    return _EQUALS.search(before) is not None and _OPERATOR.match(sentence, number.end) is None


def _end_of_equation(sentence: str, found: list[_Number]) -> _Number:
    """The result of the equation that begins with the first number; that number without one."""
    first = found[0]
    if _OPERATOR.match(sentence, first.end) is None and not _goes_on(sentence, found):
        return first
    ends = [one for one in found[1:] if _closes(sentence, one)]
    return ends[-1] if ends else first


def _goes_on(sentence: str, found: list[_Number]) -> bool:
    """Whether only units and operators stand between a number and the next: `$6 miles + 2`."""
    for one, two in pairwise(found[:2]):
        between = sentence[one.end : two.start]
        return len(between) < 40 and re.search(r"[+×÷=*-]|\\times", between) is not None
    return False
