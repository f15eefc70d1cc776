r"""Verdicts that need no algebra: two plain numbers, or the same string twice.

Each shortcut is a consequence of how Math-Verify 0.9.0 works; the tests compare both on drawn
strings. Whatever is not surely decided here is left to Math-Verify (None).

Same string: `parse` keeps, beside the expression, the normalised string of the first match, and
`verify` compares strings as well. A gold in `$...$` is matched whole, and the content of a box is
normalised by the same function, so that equal texts give equal strings.

Numbers: integers (also `1,000`, `007`), decimals, simple and mixed fractions parse to the number
that they name. Exact numbers that are the same are equal; numbers that are not integers are
compared after rounding, then by their difference, so that a gap far above both tolerances means
different.
"""

import re
from fractions import Fraction

_INTEGER = re.compile(r"-?(?:\d{1,100}|[1-9]\d{0,2}(?:(?:,|\{,\})\d{3}){1,30})", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,9}\.\d{1,30}", re.ASCII)
_MIXED = re.compile(r"([1-9]\d{0,8}) ?\\frac\{(\d{1,9})\}\{(\d{1,9})\}", re.ASCII)
_FRACTION = re.compile(r"(-?)\\[dt]?frac\{(-?\d{1,9})\}\{(\d{1,9})\}", re.ASCII)
_SLASHED = re.compile(r"(-?\d{1,9})/(\d{1,9})", re.ASCII)
# A gold that `$GOLD$` surely reproduces whole: see `same_string`.
_UNSAFE = re.compile(r"\$|\n|boxed|fbox|answer|\\$", re.IGNORECASE)
_LASTING = re.compile(r"\d|^[A-Za-z]+$", re.ASCII)


def integer(text: str) -> int | None:
    """The integer that a text names, or None.

    Example:
        >>> integer("007"), integer("1,000"), integer("1,00"), integer("2.0")
        (7, 1000, None, None)
    """
    if _INTEGER.fullmatch(text) is None:
        return None
    return int(text.replace("{,}", "").replace(",", ""))


def number(text: str) -> Fraction | None:
    r"""The number that a plain numeral names, or None.

    Example:
        >>> number("6.5"), number(r"-\frac{3}{4}"), number("1/0"), number("x")
        (Fraction(13, 2), Fraction(-3, 4), None, None)
        >>> number(r"1 \frac{1}{4}")
        Fraction(5, 4)
    """
    if (whole := integer(text)) is not None:
        return Fraction(whole)
    if _DECIMAL.fullmatch(text):
        return Fraction(text)
    whole_part, sign = "0", ""
    if match := _SLASHED.fullmatch(text):
        top, bottom = match.groups()
    elif match := _FRACTION.fullmatch(text):
        sign, top, bottom = match.groups()
    elif match := _MIXED.fullmatch(text):
        whole_part, top, bottom = match.groups()
        if not 0 < int(top) < int(bottom):  # `1 \frac{0}{3}` is read as a product
            return None
    else:
        return None
    if not int(bottom):
        return None
    return int(whole_part) + Fraction(int(top), int(bottom)) * (-1 if sign else 1)


def same_string(gold: str, answer: str) -> bool:
    """Whether Math-Verify surely finds the same string in both.

    A digit survives every normalisation, and so does a word alone: the string is not empty.
    """
    return (
        gold == answer
        and gold == gold.strip()
        and _LASTING.search(gold) is not None
        and _UNSAFE.search(gold) is None
    )


def decide(gold: str, answer: str, float_rounding: int) -> bool | None:
    r"""Whether a boxed answer equals the gold, where that needs no algebra; else None.

    Args:
        gold: the reference answer, without dollar signs.
        answer: the content of a box.
        float_rounding: decimals to which Math-Verify rounds.

    Example:
        >>> decide("12", "12", 6), decide("12", "13", 6), decide("x", "y", 6) is None
        (True, False, True)
    """
    if same_string(gold, answer):
        return True
    if (left := integer(gold)) is not None and (right := integer(answer)) is not None:
        return left == right
    a, b = number(gold), number(answer)
    if a is None or b is None:
        return None
    if a == b:
        exact = "." not in gold and "." not in answer
        return True if exact else None
    gap = abs(a - b)
    apart = gap > 10 * Fraction(10) ** -float_rounding and gap > max(abs(a), abs(b)) / 10**9
    return False if apart else None
