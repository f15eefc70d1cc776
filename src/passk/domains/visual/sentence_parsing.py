r"""Which number a sentence states, and which sentence of a response concludes.

Nothing here sees the reference answer: a sentence states one number, or none that can be told.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from passk.domains.stated.denials import is_claimed
from passk.domains.visual.number_stretches import continues, end_of_several, is_part, stretch
from passk.domains.visual.quantities import WORDS, is_unit, numeral, values

_SPLIT = re.compile(r"\n+|(?<=[.!?])[ \t]+(?=[A-Z*$\\(\"'])")
_BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_LISTED = re.compile(r"\s{0,8}(?:[*+-]|\d{1,3}[.)])\s|\s{0,8}\|")
# A number is looked for where none is glued to it: not the 2 of `x_2`, `x^2`, `A2`, `-2-3`.
_START = re.compile(
    r"(?<![^\W\u4e00-\u9fff])(?<![.,^{\\])(?=[-+−–]?\s?[$€£¥₹]?\s?\.?\d|[-−]?\s?(?:√|π|\\(?:sqrt|frac|pi)(?![a-z])))"
)
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})\b")
_FILLER = (
    r"about|approximately|around|roughly|only|exactly|equal|to|an?|total|of|the|year|week|"
    r"month|day|"
    r"in|at|just|also|still|therefore|thus|now|simply|nearly|almost|then|number|value|there|which|"
    r"is|are|be|left|[:$=≈~]"
)
_VERB = (
    r"is|are|was|were|be|being|equals?|gives?|ha(?:s|ve|d)|spen(?:ds?|t)|pa(?:ys?|id)|costs?|gets?|"
    r"reach(?:es)?|leav(?:es?|ing)|yields|totals|needs?|becomes?|remains?|shows|"
    r"I count|I counted|measures|drove|contains?|makes|obtain|took|takes?|about"
)
_STATES = re.compile(rf"\b(?:{_VERB})\b[\s:*]{{0,4}}(?:(?:{_FILLER})\s*){{0,6}}[*\s]{{0,4}}$")
_REACH = 90  # characters before a number in which its verb is looked for
_EQUALS = re.compile(r"(?:=|≈|\\approx|\bequals|\bequal to)[\s$*\\(]{0,4}$")
_OPERATOR = re.compile(
    r"[\s$)]{0,3}(?:[+*/×÷=^x−-]|\\(?:times|cdot|div|frac))[\s$(\\]{0,3}[\d.$(a-zA-Z\\]"
)
# The sentence, or what stands behind these words in it, follows from what stands before.
_OPERATOR_SIGN = re.compile(r"[+×÷*/−=≈-]|\\(?:times|cdot|div|approx)")
_CLAUSE = re.compile(r"[,;.]\s")  # what stands behind is another statement
_NUMBERING = re.compile(r"\d{1,3}[.)]$")  # of a list's item, left alone by the split
_CONCLUDES = re.compile(
    r"^\W{0,4}(?:and |but |or )?(?:so|consequently|accordingly|in total|in all|altogether|overall|"
    r"in general|in conclusion|finally|as a result|in summary|to summarize|"
    r"(?:in|to|round(?:ing|ed) to) (?:one|two|three|\d) decimal places?)\b"
    r"|\b(?:therefore|thus|hence)\b",
    re.IGNORECASE,
)
_SO = re.compile(r", so (?!that )")
# Before a number that only bounds another: `more than 4`.
_BOUND = re.compile(
    r"\b(?:than|above|below|over|under|between|from|least|most|until|since|exceeds?|mark|not|"
    r"n't)\W{1,3}$"
    r"|\b(?:from|between)\s\S{1,6}\s(?:to|and)\s$"
)
# Around a sum at a sentence's end.
_BEFORE_TOTAL = re.compile(r"[,;:–—]\s(?:(?:so|for|making|or|thus|which is)\s)?[*$]{0,3}$")
_IN_TOTAL = re.compile(
    r"[*$]{0,3}\s(?:[a-z]{2,20}\s)?(?:in total|in all|altogether|total)\W{0,3}$", re.IGNORECASE
)
# Behind a number that is one of several, or has something done to it: `5 or 6`, `5 - 6`, `5²`.
_OTHER = re.compile(
    r"\s?(?:[²³]|\^\s?\{?\s?[\w(-]|(?:squared|cubed)\b(?!\s[a-z])|factorial\b|"
    r"(?:or|and|to|[+*×÷x−–-]|\\times|\\cdot)\s?[$(\\]?-?\d(?!\d{0,3}\s?/))"
)
_OPERAND = re.compile(r"[+×÷*·/]\s?$|\d\sx\s$")
_RATIO = re.compile(r":\d|\s:\s?\d")
# `one` and the like that count nothing: `the one for lime`, `each one`.
_NO_COUNT = re.compile(r"\b(?:the|this|that|each|which|any|no|every|to|in)\s$")
_OF_THEM = re.compile(r" of (?:them|these|those)\b")
_NEGATIVE = re.compile(r"(?:negative|minus) $", re.IGNORECASE)
_VARIABLE = re.compile(r"\s[b-hj-zB-HJ-Z](?![\w'’])")
_OF_NUMBER = re.compile(r"\sof\s\$?\d")
_PLEASANTRY = re.compile(
    r"\W{0,3}(?:sure\b|yes, i can|i (?:see|understand)\W{0,2}(?:the (?:image|picture)\W|$)|"
    r"i (?:can (?:help|answer)|hope)\b|okay|certainly|of course|"
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
    parts: list[str] = []
    number = ""  # of a list's item, which the split parts from it
    for part in (part.strip() for part in _SPLIT.split(text)):
        if _NUMBERING.match(part):
            number = f"{part} "
        elif part and part.count("|") < 2:
            parts.append(number + part)
            number = ""
    return parts


def is_listed(sentence: str) -> bool:
    """Whether a sentence is an item of a list: one of several, and no conclusion."""
    return _LISTED.match(sentence) is not None and not sentence.startswith("**")


def is_pleasantry(sentence: str) -> bool:
    """Whether a sentence only greets, offers help or takes leave."""
    return _PLEASANTRY.match(sentence) is not None


def conclusion(sentence: str, *, mild: bool = False) -> str | None:
    """What a sentence says to follow from what stands before it; None where it says no such thing.

    Args:
        sentence: as it is written.
        mild: of `..., so ...` in place of therefore, thus, in total, and the like.

    Example:
        >>> conclusion("As 2 + 2 is even, therefore it is 4.")
        ' it is 4.'
        >>> conclusion("It is even, so 4 will do.", mild=True)
        '4 will do.'
    """
    consequence = None
    for match in (_SO if mild else _CONCLUDES).finditer(sentence):
        consequence = sentence[match.end() :]
    return consequence


def has_bold_number(sentence: str) -> bool:
    """Whether a number stands in bold, in a sentence that is no item of a list."""
    return not is_listed(sentence) and any(
        re.search(r"\d", bold) for bold in _BOLD.findall(sentence)
    )


def _numbers(sentence: str) -> Iterator[_Number]:
    end = 0
    for start in _START.finditer(sentence):
        if start.start() < end:
            continue
        match = numeral(sentence, start.start())
        if match is None and not sentence[start.start()].isdigit():
            text = stretch(sentence, start.start(), start.start())
            end = start.start() + max(1, len(text))
            if is_claimed(sentence, start.start(), end):
                yield _Number(start.start(), end, text)
            continue
        if match is None or not values(match):
            continue
        after = sentence[match.end() : match.end() + 8]
        ratio = _RATIO.match(after) or re.search(r"\d(?::|\s:\s?)$", sentence[: match.start()][-4:])
        glued = re.match(r"[A-Za-z]{1,4}", after)
        part = continues(sentence, match.end()) or _is_share(sentence, match)
        if _VARIABLE.match(after) and not is_unit(after[1]):
            continue
        if ratio or (glued and not is_unit(glued[0]) and not part):
            continue  # `2:8`, `4x`, `6th`, `3D`
        end = match.end()
        if is_claimed(sentence, match.start(), end) and not is_part(sentence, match.start()):
            number = _Number(match.start(), end, match[0].strip())
            if part:
                number = number._replace(text=stretch(sentence, match.start(), end))
            end = end_of_several(sentence, match.end()) or end
            yield number
    if not end:  # no digits at all: a number word may stand for them
        yield from _number_words(sentence)


def _is_share(sentence: str, match: re.Match[str]) -> bool:
    """Whether a percentage is one of a number: `5% of 80`."""
    return match["percent"] is not None and _OF_NUMBER.match(sentence, match.end()) is not None


def _number_words(sentence: str) -> Iterator[_Number]:
    for word in _NUMBER_WORD.finditer(sentence.lower()):
        before, after = sentence[: word.start()][-9:], sentence[word.end() :][:4]
        if (after == " of " and not _OF_THEM.match(sentence, word.end())) or _NO_COUNT.search(
            before
        ):
            continue
        if is_claimed(sentence, *word.span()) and not is_part(sentence, word.start()):
            text = sentence[word.start() : word.end()]
            if continues(sentence, word.end()):
                text = stretch(sentence, word.start(), word.end())
            yield _Number(
                word.start(), word.end(), f"-{text}" if _NEGATIVE.search(before[-9:]) else text
            )


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
        inside = [number for part in bold if (number := _stated(part))]
        if inside and len(set(inside)) == 1:
            return inside[0]
        if inside:
            return _stated(sentence) or inside[0]
    return _stated(sentence)


def _stated(sentence: str) -> str | None:
    numbers = list(_numbers(sentence))
    if not numbers:
        return None
    if (total := next((n for n in numbers if _is_total(sentence, n)), None)) is not None:
        return total.text
    for index, number in enumerate(numbers):
        before = sentence[max(0, number.start - _REACH) : number.start]
        if _STATES.search(before):
            result = _end_of_equation(sentence, numbers[index:])
            return None if _OTHER.match(sentence, result.end) else result.text
    closing = [number for number in numbers if _closes(sentence, number)]
    if closing:
        return closing[-1].text
    if any(end_of_several(sentence, number.end) for number in numbers):
        return None
    alone = [number for number in numbers if number.text[-1].isdigit() or number.text.endswith("%")]
    alone = [number for number in alone if not _OPERAND.search(sentence[: number.start][-4:])]
    alone = [number for number in alone if not _BOUND.search(sentence[: number.start][-16:])]
    return alone[0].text if len({number.text for number in alone}) == 1 else None


def _is_total(sentence: str, number: _Number) -> bool:
    """Whether a sentence ends with a number as its sum: `..., 20 in total`."""
    before = sentence[max(0, number.start - 16) : number.start]
    return (
        _BEFORE_TOTAL.search(before) is not None
        and _IN_TOTAL.match(sentence, number.end) is not None
    )


def _closes(sentence: str, number: _Number) -> bool:
    """Whether a number stands behind an equals sign, and nothing is done to it."""
    before = sentence[max(0, number.start - 16) : number.start]
    return _EQUALS.search(before) is not None and _OPERATOR.match(sentence, number.end) is None


def _end_of_equation(sentence: str, numbers: list[_Number]) -> _Number:
    """The result of the equation that begins with the first number; that number without one."""
    result = numbers[0]
    for number in numbers[1:]:
        between = sentence[result.end : number.start]
        if not _OPERATOR_SIGN.search(between) or _CLAUSE.search(between):
            continue
        if _closes(sentence, number):
            result = number
    return result
