"""Notations of their own: numbers in a base, ratios, times of day, compound quantities."""

import re
from fractions import Fraction

from passk.domains.math.quantities import Value
from passk.domains.math.shapes import Based, Items, Ratio, Shape, Words
from passk.domains.math.units import read_unit

_TEXT = r"\s*(?:\\text\{)?\s*"
_BASES = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "twelve": 12, "sixteen": 16,
}  # fmt: skip
_DIGITS = r"([0-9A-Fa-f]{1,64}(?:\.[0-9A-Fa-f]{1,64})?)"
_BASED = re.compile(
    rf"\(?{_TEXT}{_DIGITS}\s*\}}?\s*\)?\s?_\s?\{{?{_TEXT}(?:base\s*)?(\d{{1,2}}|{'|'.join(_BASES)})"
    r"\s*\}?\s*\}?"
)
_IN_BASE = re.compile(
    rf"([0-9A-F]{{1,64}}){_TEXT}\(?(?:in )?base[- ]?\s*\}}?\s*(\d{{1,2}})\)?\s*\}}?"
)
_RATIO = re.compile(
    r"(\d{1,30}(?:\.\d{1,30})?(?:\s?:\s?\d{1,30}(?:\.\d{1,30})?){1,6})"
    rf"{_TEXT}(?:([ap])\.?\s?m)?\.?\s*\}}?", re.IGNORECASE)  # fmt: skip
_HOUR = re.compile(rf"(\d{{1,2}}){_TEXT}([ap])\.?\s?m\.?\s*\}}?", re.IGNORECASE)
_ODD_TIME = re.compile(r"\d{1,2}:\d\d\s*[A-Za-z.]+")
_COMPOUND = re.compile(
    rf"(\d+){_TEXT}([A-Za-z]+)\s*\}}?{_TEXT}(?:and|,)?\s*\}}?\s*(\d+(?:\.\d+)?){_TEXT}([A-Za-z]+)"
    r"\s*\}?"
)


def read_notation(text: str) -> Shape | None:
    """The shape of a text in one of these notations; None where it is in none.

    Example:
        >>> read_notation("52_8"), read_notation("3:45 p.m."), read_notation("12") is None
        (Based(digits='52', base=8), Ratio(parts=('3', '45'), half='p'), True)
    """
    if match := _BASED.fullmatch(text) or _IN_BASE.fullmatch(text):
        return _based(match)
    if match := _HOUR.fullmatch(text):
        return Ratio((match[1], "00"), match[2].lower())
    if match := _RATIO.fullmatch(text):
        parts = tuple(part.strip() for part in match[1].split(":"))
        return Ratio(parts, (match[2] or "").lower())
    if match := _COMPOUND.fullmatch(text):
        return _compound(match)
    return Words(text) if _ODD_TIME.fullmatch(text) else None


def _based(match: re.Match[str]) -> Based | None:
    base = _BASES.get(match[2]) or int(match[2])
    if not re.search(r"\d", match[1]) or not 2 <= base <= 36:
        return None  # `A_{16}` is a name
    return Based(match[1].upper(), base)


def _compound(match: re.Match[str]) -> Shape | None:
    """`3 hours and 20 minutes` as minutes, where the units are of a kind; else both.

    None where letters are variables rather than words.
    """
    if min(len(match[2]), len(match[4])) < 3 and "text" not in match[0]:
        return None
    large, small = read_unit(match[2]), read_unit(match[4])
    if large is None or small is None or large.dimension != small.dimension:
        return Items("", (Value(match[1], match[2]), Value(match[3], match[4])))
    total = int(match[1]) * large.factor / small.factor + Fraction(match[3])
    if total.denominator == 1:
        return Value(str(total.numerator), match[4])
    return Value(rf"\frac{{{total.numerator}}}{{{total.denominator}}}", match[4])
