r"""Numbers as people write them, with their units.

A numeral may name two numbers: `25%` is 25 and 0.25, `1.5 million` is 1.5, where millions are asked
for, and 1,500,000; see `same`.

Not covered: conversion of units (`50 cm` and `0.5 m` differ, and so does no unit from another).
"""

import re
from fractions import Fraction

from passk.domains.visual.markup import plain

# One number, or as written and as meant: (25, 0.25) for 25%.
Values = tuple[Fraction, ...]

_DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,12}|\d{1,40})(?:\.\d{1,40})?|\.\d{1,40}"
_NUMERAL = re.compile(
    rf"(?P<sign>[-+]?)\s?[$€£¥₹]?\s?(?P<digits>{_DIGITS})(?![\d,.]*\d)"
    r"(?:\s?/\s?(?P<under>\d{1,15})(?!\d|\.\d))?"
    r"(?:\s?(?:×|\\times|\\cdot|x|\*|·)\s?10\s?\^\s?\{?(?P<power>-?\d{1,2})\}?|"
    r"[eE](?P<exponent>[-+]?\d{1,2})\b)?"
    r"(?:\s?(?P<percent>%|percent\b|per cent\b)|\s?(?P<many>hundred|thousand|million|billion)\b)?",
    re.ASCII | re.IGNORECASE,
)
_FRACTION = re.compile(
    r"(?P<sign>-?)\s?(?:(?P<whole>\d{1,15})\s?)?\\frac\s?\{\s?(?P<top>-?\d{1,15})\s?\}"
    r"\{\s?(?P<under>\d{1,15})\s?\}", re.ASCII)  # fmt: skip
_MIXED = re.compile(
    r"(?P<sign>-?)(?P<whole>\d{1,15})(?: \+ | and |[ +])(?P<top>\d{1,15})\s?/\s?(?P<under>\d{1,15})"
    r"(?!\d|\.\d)",
    re.ASCII,
)
_MANY = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}

_SMALL = {name: value for value, name in enumerate((
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
))}  # fmt: skip
_TENS = {name: 10 * value for value, name in enumerate((
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
), 2)}  # fmt: skip
WORDS: dict[str, int] = (
    _SMALL
    | _TENS
    | {
        f"{tens}{dash}{unit}": many + few
        for tens, many in _TENS.items()
        for unit, few in _SMALL.items()
        for dash in "- "
        if 0 < few < 10
    }
)
_WORD = re.compile(rf"({'|'.join(sorted(WORDS, key=len, reverse=True))})\b", re.IGNORECASE)

_MORE_WORDS = re.compile(r"[ -](hundred|thousand|million)\b", re.IGNORECASE)
_REST_WORDS = re.compile(
    rf"(?: and)?[ -]({'|'.join(sorted(WORDS, key=len, reverse=True))})\b", re.IGNORECASE
)
_CHINESE_DIGITS = "零一二三四五六七八九"
_CHINESE_NUMBER = re.compile(
    r"[一二两三四五六七八九]?十[一二三四五六七八九]?|[零一二两三四五六七八九]"
)

# What may stand before a number that is an answer: `x =`, `about`, `a total of`, `the year`.
_REMARK = re.compile(r"\s\([a-zA-Z]{2,20}(?:[\s-][a-zA-Z]{1,20}){0,4}\)$")  # `3 (three)`
_DECIMAL_COMMA = re.compile(r"(-?\s?0),(\d{1,40})(?![\d,])", re.ASCII)  # at the start: `0,75`
_BEFORE = re.compile(
    r"(?:(?:the )?(?:total|answer|result|sum|count|value|number|area|length|perimeter|volume|"
    r"height|"
    r"width|angle)\s?:\s?)?"
    r"(?:(?:\|?[a-zA-Z](?:_\{?\w{1,5}\}?)?\|?|\\?(?:angle|theta)\s?[A-Zα-ω]{0,3}|∠\s?[A-Z]{1,3})\s?"
    r"(?:=|≈|\\approx)\s?)?(?:≈|~|\\approx)?\s?(?:(?:about|approximately|around|roughly|"
    r"exactly|only|"
    r"just|nearly|almost|equal to|is|are|there (?:is|are)|a total of|the (?:year|number|value)|"
    r"year|number|in)\s){0,3}",
    re.IGNORECASE,
)
_SYMBOL = re.compile(
    r"[msglLhKNJWVACTFÅΩBM]|[cmkdnμ]m|[kcmμ]g|[mcd][lL]|in|ft|yd|mi|lb|oz|ms|min|hr|[kMG]?Hz|kN|kJ|"
    r"[kMG]W|[kM]?eV|[kM]?Pa|mol|m[AV]|kV|rad|sr|ha|bar|am|pm|a\.m\.?|p\.m\.?|USD"
)
# Words that make something else of the number before them.
_NOT_A_UNIT = re.compile(
    r"and|or|but|not|plus|minus|times|over|through|than|nor|versus|divided|multiplied|squared|"
    r"cubed|pi|sqrt|root|infinity|hundred|thousand|million|billion|mod|if|when|either|because|"
    r"since|which|where|unless|except|factorial|dozens?|trillion|quadrillion|percentile|too|score|"
    r"half|halves|thirds?|quarters?|(?:four|fif|six|seven|eigh|nin|ten|hundred|thousand)ths?|"
    r"pairs?|"
    r"more|less|fewer|out|is|are|was|were|most|least|can|cannot|could|would|should|might|may|"
    r"does|did|has|"
    r"have|"
    r"wrong|incorrect|sure|certain|confident|confidence|possible|possibly|maybe|perhaps|until|"
    r"also|between|power|percent"
)
_TOKEN = re.compile(r"([^\W\d_]+\.?)(?:\^-?[1-4])?")
# Of things in Chinese, and what there makes something else of a number.
_CHINESE_UNIT = re.compile(r"[\u4e00-\u9fff]{1,6}")
_NO_CHINESE_UNIT = re.compile(r"[或和与及不非到至倍万亿千百半分多几是]")
_CHINESE_UNITS = ("平方分米", "分米", "分钟", "分", "百分点")
_LITTLE_WORDS = ("of", "a", "in", "on", "at", "by")
_JOINTS = re.compile(r"(?:[\s/·*]|(?<!\^)-){1,3}")
_LONGEST_UNIT = 8


def is_unit(text: str, unit: str | None = None) -> bool:
    """Whether what follows a number only says of what: a unit, things counted.

    Single letters are known symbols of units, since others are variables.

    Args:
        text: what follows.
        unit: of the reference answer.

    Example:
        >>> is_unit(" cm^2"), is_unit(" objects left"), is_unit("x"), is_unit(" or 7")
        (True, True, False, False)
    """
    text = text.strip(" .,;:)\n\t")  # not of `!`, which makes a factorial
    if not text or (unit is not None and text.casefold() == unit.casefold()):
        return True
    tokens = [token for token in _JOINTS.split(text) if token]
    if len(tokens) == 1 and tokens[0].casefold() in _LITTLE_WORDS:
        return False
    return len(tokens) <= _LONGEST_UNIT and all(map(_is_token, tokens))


def _is_token(token: str) -> bool:
    match = _TOKEN.fullmatch(token.strip("()"))
    if match is None:
        return False
    word = match[1]
    if _CHINESE_UNIT.fullmatch(word):
        return not _NO_CHINESE_UNIT.search(word) or word in _CHINESE_UNITS
    if _SYMBOL.fullmatch(word) or _SYMBOL.fullmatch(word.rstrip(".")):
        return True
    low = word.casefold().rstrip(".")
    if low in _LITTLE_WORDS:
        return True
    return len(low) > 2 and low not in WORDS and _NOT_A_UNIT.fullmatch(low) is None


def values(match: re.Match[str]) -> Values:
    """The numbers that a numeral names, as it stands first; none where it divides by zero."""
    parts = match.groupdict()
    value = Fraction(parts["digits"].replace(",", ""))
    if parts["under"]:
        if not int(parts["under"]):
            return ()
        value /= int(parts["under"])
    if power := parts["power"] or parts["exponent"]:
        value *= Fraction(10) ** int(power)
    value = -value if parts["sign"] == "-" else value
    if parts["percent"]:
        return value, value / 100
    if parts["many"]:
        return value, value * _MANY[parts["many"].lower()]
    return (value,)


def numeral(text: str, start: int = 0) -> re.Match[str] | None:
    """The numeral that begins at a place, or None."""
    return _NUMERAL.match(text, start)


def _fraction(match: re.Match[str]) -> Values:
    if not int(match["under"]):
        return ()
    value = int(match["whole"] or 0) + Fraction(int(match["top"]), int(match["under"]))
    return (-value if match["sign"] == "-" else value,)


def number_word(text: str, start: int = 0) -> tuple[int, int] | None:
    """The number that words name from a place on, and where they end; None: they name none.

    Example:
        >>> number_word("one hundred and twenty-two bars"), number_word("七")
        ((122, 26), (7, 1))
    """
    if match := _CHINESE_NUMBER.match(text, start):
        return _chinese(match[0]), match.end()
    if not (match := _WORD.match(text, start)):
        return None
    value, end = WORDS[match[1].casefold()], match.end()
    while more := _MORE_WORDS.match(text, end):
        value, end = value * _MANY[more[1].lower()], more.end()
        if rest := _REST_WORDS.match(text, end):
            value, end = value + WORDS[rest[1].casefold()], rest.end()
    return value, end


def _as_meant(match: re.Match[str], unit: str | None) -> Values:
    """The numbers of a numeral; `5 million` is 5 only where the reference counts in millions."""
    many = match["many"]
    found = values(match)
    return found[1:] if many and many.lower() not in (unit or "").lower() else found


def _chinese(numeral_text: str) -> int:
    """A Chinese numeral below a hundred."""
    tens, mark, units = numeral_text.rpartition("十")
    many = _CHINESE_DIGITS.index(tens.replace("两", "二") or "一") if mark else 0
    return 10 * many + (_CHINESE_DIGITS.index(units.replace("两", "二")) if units else 0)


def read(text: str, unit: str | None = None) -> Values | None:
    r"""The numbers that a stated answer names; None where it is not one number with its unit.

    Args:
        text: the answer.
        unit: of the reference answer.

    Example:
        >>> [int(one) for one in read("$1,250 per day")], read("2 or 3"), read("0.5x")
        ([1250], None, None)
        >>> read(r"x = \frac{3}{4} \text{ cm}"), read("three objects"), read("50%")
        ((Fraction(3, 4),), (Fraction(3, 1),), (Fraction(50, 1), Fraction(1, 2)))
    """
    text = _REMARK.sub("", plain(text))
    if comma := _DECIMAL_COMMA.match(text):
        text = f"{comma[1]}.{comma[2]}{text[comma.end() :]}"
    before = _BEFORE.match(text)
    starts = sorted({0, before.end() if before else 0}, reverse=True)
    for start in starts:
        if match := _FRACTION.match(text, start) or _MIXED.match(text, start):
            if is_unit(text[match.end() :], unit):
                return _fraction(match) or None
        elif match := _NUMERAL.match(text, start):
            if is_unit(text[match.end() :], unit):
                return _as_meant(match, unit) or None
        elif (word := number_word(text, start)) and is_unit(text[word[1] :], unit):
            return (Fraction(word[0]),)
        elif text.startswith("-", start) and (word := number_word(text, start + 1)):
            return (Fraction(-word[0]),) if is_unit(text[word[1] :], unit) else None
    return None


def pairs(left: Values, right: Values) -> tuple[tuple[Fraction, Fraction], ...]:
    """Which numbers may be compared: both as written, and one as written with the other as meant.

    Both as meant would be the same twice, and 1% is not 100%, though one is written as 1 and the
    other means 1: where both have a meaning of their own, only what is written counts.

    Example:
        >>> [float(b) for _, b in pairs(read("0.25"), read("25%"))]
        [25.0, 0.25]
        >>> [float(b) for _, b in pairs(read("1%"), read("100%"))]
        [100.0]
    """
    if len(left) > 1 and len(right) > 1:
        return ((left[0], right[0]),)
    return tuple((first, second) for first in left for second in right)
