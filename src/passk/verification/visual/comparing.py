r"""Whether an answer equals a reference answer, by plain rules; what they leave open is None.

| answer type | rule |
|---|---|
| integer, float | equal as numbers, rounded to the benchmark's `precision` where it states one; units, currencies, percent signs and separators of thousands do not count |
| list | the same numbers in the same order |
| text | the same words, whatever case and punctuation; where choices were offered, the letter or the text of one |
| expression | left to Math-Verify, as is every answer that is no plain number |
"""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from passk.verification.visual.gold import NUMBERS, Gold

_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|-?\.\d+", re.ASCII)
# What may stand beside a number without changing it.
_BESIDE = re.compile(r"\\(?:text|mathrm|mathbf|operatorname)\s*\{[^{}]{0,40}\}|\\[,;!% ]|[$%°£€*~]|"
                     r"\^\{?\\circ\}?|\\(?:degree|circ)\b")  # fmt: skip
_UNIT = re.compile(r"[A-Za-z²³/^ ]{0,40}")
_PUNCTUATION = re.compile(r"[^\w]+")


def number(text: str) -> Decimal | None:
    r"""The one number that a text states, with or without a unit; else None.

    Example:
        >>> number("$1,250.50"), number(r"24 \mathrm{~m}"), number("-130 km/h"), number("2 or 3")
        (Decimal('1250.50'), Decimal('24'), Decimal('-130'), None)
    """
    bare = _BESIDE.sub(" ", text).replace("−", "-").replace("{,}", ",").strip().rstrip(".")
    match = _NUMBER.match(bare)
    if match is None or _UNIT.fullmatch(bare, match.end()) is None:
        return None
    try:
        return Decimal(match[0].replace(",", ""))
    except InvalidOperation:
        return None


def rounded(value: Decimal, decimals: int | None) -> Decimal:
    """A number to so many decimals, halves away from zero; None: as it is."""
    if decimals is None or not value.is_finite():
        return value
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def numbers(text: str) -> tuple[Decimal, ...] | None:
    """The numbers of a list as `[0.5, 2]`, `(1, 2)`, `1 and 2`; else None."""
    bare = text.strip().strip("[](){}").replace("\\", "")
    parts = re.split(r"\s*(?:,|;|\band\b)\s*", bare)
    found = [number(part) for part in parts]
    return tuple(one for one in found if one is not None) if None not in found else None


def words(text: str) -> str:
    """A text without case, punctuation and leading articles.

    Example:
        >>> words("The  Red-Panda.")
        'red panda'
    """
    return re.sub(r"^(?:the|an|a) ", "", _PUNCTUATION.sub(" ", text.casefold()).strip())


def chosen(text: str, choices: tuple[str, ...]) -> str | None:
    """The offered answer that a text names, by its letter or by itself; else None.

    Example:
        >>> chosen("(B)", ("135", "140")), chosen("140.", ("135", "140"))
        ('140', '140')
    """
    letter = re.fullmatch(r"\(?([A-Za-z])\)?[.:]?(?:\s.*)?", text.strip())
    by_words = {words(one): one for one in choices}
    if (found := by_words.get(words(text))) is not None:
        return found
    if letter and (place := ord(letter[1].upper()) - ord("A")) < len(choices):
        return choices[place]
    return None


def equal(gold: Gold, answer: str) -> bool | None:
    """Whether an answer is right; None where only algebra can tell."""
    if gold.choices:
        right = chosen(gold.answer, gold.choices) or gold.answer
        return words(chosen(answer, gold.choices) or answer) == words(right)
    if gold.kind == "text":
        return words(answer) == words(gold.answer)
    if gold.kind == "list":
        wanted, found = numbers(gold.answer), numbers(answer)
        return wanted == found if wanted is not None and found is not None else None
    wanted_one, found_one = number(gold.answer), number(answer)
    if wanted_one is None or found_one is None:
        return None
    decimals = gold.precision if gold.kind in NUMBERS else None
    return rounded(found_one, decimals) == rounded(wanted_one, decimals)
