"""Comparing numbers in other bases than ten, ratios, and times of day."""

import re
from fractions import Fraction

from passk.domains.math.numerals import numeral
from passk.domains.math.quantities import Value
from passk.domains.math.shapes import Based, Ratio, Shape

_TIME = re.compile(r"\d{1,2}:[0-5]\d")


def base_value(based: Based) -> int | None:
    """The number that digits name in a base; None where a digit is too large.

    Example:
        >>> base_value(Based("52", 8)), base_value(Based("19", 8))
        (42, None)
    """
    try:
        return int(based.digits, based.base)
    except ValueError:
        return None


def equal_based(gold: Shape, answer: Shape) -> bool:
    """Compare numbers of which one has a base; the other may leave it out, or be in base ten."""
    if isinstance(gold, Based) and isinstance(answer, Based):
        if gold.base == answer.base:
            return gold.digits.lstrip("0") == answer.digits.lstrip("0")
        return base_value(gold) is not None and base_value(gold) == base_value(answer)
    based, other = (gold, answer) if isinstance(gold, Based) else (answer, gold)
    if not isinstance(based, Based) or not isinstance(other, Value):
        return False
    value = base_value(based)
    if value is None:
        return False
    if other.formula.replace(" ", "").upper().lstrip("0") == based.digits.lstrip("0"):
        return True
    number = numeral(other.formula)
    return number is not None and number.value == value


def equal_ratios(gold: Shape, answer: Shape) -> bool:
    """Compare ratios and times; a ratio of two numbers may be a fraction."""
    if isinstance(gold, Ratio) and isinstance(answer, Ratio):
        return _equal_parts(gold, answer)
    ratio, other = (gold, answer) if isinstance(gold, Ratio) else (answer, gold)
    if not isinstance(ratio, Ratio) or not isinstance(other, Value):
        return False
    if ratio.half or len(ratio.parts) != 2 or not Fraction(ratio.parts[1]):
        return False
    number = numeral(other.formula)
    return number is not None and number.value == Fraction(ratio.parts[0]) / Fraction(
        ratio.parts[1]
    )


def _equal_parts(gold: Ratio, answer: Ratio) -> bool:
    if gold.half and answer.half and gold.half != answer.half:
        return False
    one, other = ([Fraction(part) for part in ratio.parts] for ratio in (gold, answer))
    if one == other or gold.half or answer.half or len(one) != len(other):
        return one == other
    if all(_TIME.fullmatch(":".join(ratio.parts)) for ratio in (gold, answer)):
        return False  # 1:15 and 2:30 may be times of day
    proportional = all(a * other[0] == b * one[0] for a, b in zip(one, other, strict=True))
    return proportional and one[0] != 0 and other[0] != 0
