r"""Whether an answer equals a reference answer, by plain rules; what they leave open is None.

| answer type | rule |
|---|---|
| integer, float | the same number; floats with a `precision` rounded to so many decimals |
| list | the same numbers in the same order |
| text | the same words, whatever case, articles and punctuation |
| with choices | the letter of the right choice, its text, or a number equal to it |
| expression | the same text or number |

Of a number, units, currencies and separators of thousands do not count; `25%` is 25 or 0.25; number
words and fractions of integers are read. What is no plain number, but not words alone either, is
left to Math-Verify.
"""

import re
from fractions import Fraction

from passk.domains.visual.formulas import formula
from passk.domains.visual.gold import NUMBERS, Gold
from passk.domains.visual.markup import plain
from passk.domains.visual.multiple_choice import chosen, words
from passk.domains.visual.quantities import pairs, read

_SEPARATOR = re.compile(r"\s?(?:[,;]|\band\b)\s?(?:and\b)?")
# In brackets or parentheses, where LaTeX may stand; else in braces.
_LISTS = (re.compile(r"[\[(]([^\[\]()]{1,4000})[\])]"), re.compile(r"\{([^{}]{1,4000})\}"))
# Something that algebra may compare: a digit, a command of LaTeX, a sign, a variable alone.
_FORMULA = re.compile(r"[\d\\=^_π√∞]|^\s*[a-zA-Z]\s*$")
# A hyphen between letters of words is none: `red-panda`, but `x-y`.
_SIGNS = re.compile(r"[\d\\+*/^=<>]|-(?<![^\W\d_]{2}-)|-(?![^\W\d_]{2})")
_OR = re.compile(r"\bor\b|或")
_RELATION = re.compile(r"[<>=≤≥≠]|\\(?:[lg]eq?|[lg]t|neq?)(?![a-z])")
_PERCENT = ("%", "percent", "per cent")
_LONGEST_FORMULA = 400  # characters; longer ones are no answers, and slow to parse


def rounded(value: Fraction, decimals: int) -> float:
    """A number to so many decimals, as MathVista rounds: the nearest of its binary form."""
    return round(float(value), decimals)


def same_number(gold: Gold, wanted: Fraction, number: Fraction, *, truncate: bool = False) -> bool:
    """Whether two numbers are the same to the reference's precision."""
    if gold.kind == "integer" and truncate:
        return int(number) == wanted
    if gold.kind == "float" and gold.precision is not None:
        return rounded(number, gold.precision) == rounded(wanted, gold.precision)
    return number == wanted


def elements(text: str) -> tuple[Fraction, ...] | None:
    """The numbers of a list as `[0.5, 2]`, `(1, 2)`, `1 and 2`; else None.

    Example:
        >>> elements("[0.5, 2]") == elements("(1/2, 2)") == elements("0.5 and 2")
        True
        >>> elements("[a, b]") is None
        True
    """
    text = plain(text)
    for pattern in _LISTS:
        if match := pattern.search(text):
            if pattern.search(text, match.end()):
                return None
            text = match[1]
            break
    numbers = []
    for part in _SEPARATOR.split(text):
        number = read(part)
        if number is None:
            return None
        numbers.append(number[0])
    return tuple(numbers)


def readable(gold: Gold) -> bool:
    """Whether a reference answer is of the type that its benchmark says."""
    if gold.choices:
        return gold.answer in gold.choices
    if gold.kind in NUMBERS:
        return read(gold.answer) is not None
    if gold.kind == "list":
        return elements(gold.answer) is not None
    return bool(gold.answer.strip())


def equal(gold: Gold, answer: str, *, truncate: bool = False) -> bool | None:
    r"""Whether an answer is right; None where only algebra can tell.

    Args:
        gold: a reference answer that is `readable`.
        answer: what a response states.
        truncate: decimals of an integer are cut off.

    Example:
        >>> equal(Gold("0.2", "float", 1), "0.214 N/C"), equal(Gold("6", "integer"), "**6 yards**")
        (True, True)
        >>> equal(Gold("2", "integer"), r"\sqrt{4}") is None
        True
    """
    if gold.choices:
        return _equal_choice(gold, answer)
    if gold.kind == "list":
        # An interval or a point is a list, too, and lists of formulas are rare: no algebra.
        return elements(answer) == elements(gold.answer)
    wanted, stated = read(gold.answer), read(answer, gold.unit)
    if wanted is not None and stated is not None:
        if gold.unit in _PERCENT:  # both are percentages, as they are written
            wanted, stated = wanted[:1], stated[:1]
        return any(same_number(gold, *two, truncate=truncate) for two in pairs(wanted, stated))
    if words(answer) == words(gold.answer) and _same_signs(answer, gold.answer):
        return True
    return None if for_algebra(gold, answer) is not None else False


def _equal_choice(gold: Gold, answer: str) -> bool | None:
    """Whether the right choice is named; None where algebra must compare formulas."""
    if (choice := chosen(answer, gold.choices)) is not None:
        return choice == gold.answer
    if read(answer) is not None:
        return False  # none of the numbers that are offered, or several
    return None if for_algebra(gold, answer) is not None else False


def for_algebra(gold: Gold, answer: str) -> str | None:
    r"""What algebra may compare with a reference answer; None: no rule of it applies.

    Numbers are compared with formulas without variables alone.

    Example:
        >>> gold = Gold("2", "integer")
        >>> for_algebra(gold, r"x = \sqrt{4} cm"), for_algebra(gold, "2x")
        ('\\sqrt{4}', None)
    """
    if len(answer) > _LONGEST_FORMULA:
        return None
    closed = formula(answer, gold.unit)
    if gold.kind in NUMBERS:
        return closed
    if (gold.kind == "text" or gold.choices) and not _FORMULA.search(gold.answer):
        return None
    if not _FORMULA.search(answer) or (_OR.search(answer) and not _OR.search(gold.answer)):
        return None
    return closed if closed is not None and not _RELATION.search(gold.answer) else answer


def _same_signs(left: str, right: str) -> bool:
    """Whether two texts of the same words agree on what words do not say: `-x`, `x+1`, `(2, 3)`."""
    bare = [re.sub(r"\s", "", plain(text)).casefold() for text in (left, right)]
    return bare[0] == bare[1] or not any(_SIGNS.search(text) for text in bare)
