r"""Formulas without variables, which algebra may compare with a number: `5\sqrt{2} cm`, `3 + \pi`.

An equation stands for its right side, which is what it works out: `2\pi r = 9.42`. Not that of two
numbers that differ, nor of several equations.
"""

import re

from passk.domains.visual.markup import plain
from passk.domains.visual.quantities import is_unit, read

_PART = (
    r"\\(?:frac|sqrt|pi|times|cdot|div|left|right)(?![a-zA-Z])|\d{1,3}(?:,\d{3}){1,12}(?!\d)|"
    r"[\d.+\-*/^(){}\[\] π×·⋅÷!]"
)
_FORMULA = re.compile(rf"(?:{_PART}){{1,400}}")
_NO_FORMULA = re.compile(r"\d\s+[\d.]|\.\d*\.")  # numbers side by side
_EQUALS = re.compile(r"=|≈|≃|\\approx|\\simeq|\\sim(?![a-z])")
_RELATION = re.compile(r"[<>≤≥≠±,;]|\\(?:[lg]eq?|[lg]t|neq?|pm)(?![a-z])")
_VALUE = re.compile(r"[\dπ]|\\pi")


def formula(text: str, unit: str | None = None) -> str | None:
    r"""The formula that an answer is, without unit and left sides; None where it is none.

    Args:
        text: the answer.
        unit: of the reference answer.

    Example:
        >>> formula(r"BC = 5\sqrt{2} cm"), formula("5x"), formula("4 or 5")
        ('5\\sqrt{2}', None, None)
        >>> formula("256 + 37 = 293"), formula("16 = 17"), formula("> 5")
        ('293', None, None)
    """
    bare = plain(text)
    members = [member.strip() for member in _EQUALS.split(bare)]
    if any(_RELATION.search(member) for member in members[:-1]) or not _agree(bare.split("=")):
        return None
    match = _FORMULA.match(members[-1])
    if match is None or not is_unit(members[-1][match.end() :], unit):
        return None
    result = match[0].strip().rstrip(".")
    if not _VALUE.search(result) or _NO_FORMULA.search(result) or result[-1] in "+-*/^×·⋅÷([{":
        return None
    return result.replace("π", r"\pi ").strip()


def _agree(members: list[str]) -> bool:
    """Whether sides of an equation that are numbers are the same."""
    numbers = [set(values) for member in members if (values := read(member)) is not None]
    return not numbers or all(numbers[0] & other for other in numbers[1:])
