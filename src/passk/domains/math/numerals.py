r"""Numbers as they are written, as exact fractions, and when two of them are the same."""

import re
from fractions import Fraction
from typing import NamedTuple

from passk.domains.math.spelling import squeezed

_DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,30}|\d{1,300})"
_DECIMAL = re.compile(rf"([+-]?)\s?({_DIGITS}(?:\.\d{{1,300}})?)", re.ASCII)
_SCIENTIFIC = re.compile(
    r"([+-]?)\s?(?:(\d{1,60}(?:\.\d{1,60})?)\s?(?:\\times|\\cdot)\s?)?10\s?\^\s?"
    r"(?:\{\s?([+-]?\s?\d{1,3})\s?\}|(\d))", re.ASCII)  # fmt: skip
_QUOTIENT = re.compile(
    r"([+-]?)\s?(?:\\frac\{\s?([+-]?\d{1,60}(?:\.\d{1,60})?)\s?\}\{\s?([+-]?\d{1,60}(?:\.\d{1,60})?)\s?\}|"
    r"(\d{1,60})\s?(?:/|\\div)\s?(\d{1,60}))", re.ASCII)  # fmt: skip
_MIXED = re.compile(
    r"([+-]?)\s?(\d{1,30})\s?(?:\\frac\{(\d{1,30})\}\{(\d{1,30})\}|(?<=\s)(\d{1,30})/(\d{1,30}))",
    re.ASCII,
)
_SPACED = re.compile(r"([+-]?)\s?(\d{1,3}(?: \d{3}){1,30})", re.ASCII)
_LASTING = re.compile("[0-9A-Za-z]")
SMALL = Fraction(1, 10**4)  # numbers below are compared relative to their size
_SMALL_FROM = 4  # decimals of rounding from which on that rule holds


class Numeral(NamedTuple):
    """A number, and whether it was written without a decimal point."""

    value: Fraction
    exact: bool


def numeral(text: str) -> Numeral | None:
    r"""The number that a canonical text names, or None.

    Example:
        >>> numeral("1,000").value, tuple(numeral(r"1.6 \times 10^{-2}"))
        (Fraction(1000, 1), (Fraction(2, 125), False))
        >>> numeral("1,00"), numeral("1/0"), numeral(r"6\frac{3}{2}").value
        (None, None, Fraction(9, 1))
    """
    text = text.strip()
    if match := _DECIMAL.fullmatch(text):
        value, exact = Fraction(match[2].replace(",", "")), "." not in match[2]
    elif match := _QUOTIENT.fullmatch(text):
        top, bottom = Fraction(match[2] or match[4]), Fraction(match[3] or match[5])
        if not bottom:
            return None
        value, exact = top / bottom, "." not in text
    elif match := _MIXED.fullmatch(text):
        whole, over, under = int(match[2]), int(match[3] or match[5]), int(match[4] or match[6])
        if not under:
            return None
        # An improper fraction makes no mixed number: it is a factor.
        part = Fraction(over, under)
        value, exact = (whole + part if 0 < over < under else whole * part), True
    elif match := _SCIENTIFIC.fullmatch(text):
        power = int((match[3] or match[4]).replace(" ", ""))
        value = Fraction(match[2] or 1) * Fraction(10) ** power
        exact = "." not in text and power >= 0
    elif match := _SPACED.fullmatch(text):
        value, exact = Fraction(match[2].replace(" ", "")), True
    else:
        return None
    return Numeral(-value if match[1] == "-" else value, exact)


def same(left: Numeral, right: Numeral, decimals: int) -> bool:
    """Whether two numbers are the same.

    Exact numbers must be equal. Where one has a decimal point, both are rounded to so many
    decimals; numbers below `SMALL` may differ by two units of their last such digit, relatively.

    Example:
        >>> same(Numeral(Fraction(1, 3), True), Numeral(Fraction("0.333333"), False), 6)
        True
    """
    if left.value == right.value:
        return True
    if left.exact and right.exact:
        return False
    return close(left.value, right.value, decimals)


def same_plainly(gold: str, answer: str, decimals: int) -> bool | None:
    """Whether two canonical formulas are equal, where that needs no algebra; else None."""
    if squeezed(gold) == squeezed(answer):
        return True
    left, right = numeral(gold), numeral(answer)
    return None if left is None or right is None else same(left, right, decimals)


def close(left: Fraction, right: Fraction, decimals: int) -> bool:
    """Whether two numbers, one of them with a decimal point, count as the same."""
    largest = max(abs(left), abs(right))
    if largest < SMALL and decimals >= _SMALL_FROM:
        return abs(left - right) <= 2 * largest / 10**decimals
    return round(left, decimals) == round(right, decimals)


def decide(gold: str, answer: str, decimals: int) -> bool | None:
    r"""Whether an answer equals the gold, where that needs no algebra; else None.

    Args:
        gold: the reference answer.
        answer: the content of a box.
        decimals: to which numbers with a decimal point are rounded.

    Example:
        >>> decide("12", "12", 6), decide("12", "13", 6), decide("x", "y", 6) is None
        (True, False, True)
    """
    gold, answer = gold.strip(), answer.strip()
    if gold == answer and _LASTING.search(gold):
        return True
    left, right = numeral(gold), numeral(answer)
    return None if left is None or right is None else same(left, right, decimals)
