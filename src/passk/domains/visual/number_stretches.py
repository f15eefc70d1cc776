r"""What belongs to a number in a sentence: `5\sqrt{2}`, `4 or 5`, `2 1/2`, `five and a half`.

A number that goes on is another number, several, or none. Then all that belongs to it is
read, up to the end of its clause, and it depends on that whether it is an answer.
"""

import re

from passk.domains.visual.quantities import WORDS

_WORD = "|".join(sorted(WORDS, key=len, reverse=True))
_MORE = rf"(?:[-+]?\s?\$?\s?\\?\(?(?:\.?\d|[√π]|\\(?:sqrt|frac|pi))|(?:{_WORD})\b)"
_CONTINUES = re.compile(
    r"[\s$*]{0,3}(?:"
    # a product with a root or a constant, a power, a factorial
    r"[√π²³¹⁰⁴-⁹½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]|\\(?:sqrt|pi|frac|pm|mp|to|times|cdot|div)\b|sqrt\s?\(|pi\b|"
    r"\^|\*\*\s?[\d(]|!(?=[.,;)])|±|→|"
    # what is done to it
    r"[<>≤≥]\s?\d|[+×÷*·]\s?[a-zA-Z](?![\w'’])|"
    rf"(?:[+×÷*·⋅/]|--?|[–—])\s?{_MORE}|"
    r"(?:times|plus|minus|divided by|multiplied by|over)\b(?! (?:all|the))|(?:squared|cubed|"
    r"factorial|dozens?|hundred|score|"
    r"tenths?|hundredths?|thousandths?|thirds?|halves|"
    r"quarters?|(?:four|fif|six|seven|eigh|nin)ths?)\b(?!\s(?:of|in)\s[a-z]+\s(?:is|are))|"
    r"(?:more|less|fewer|greater|larger|smaller) than\b(?=\s\$?\d)|out of\b|(?:%|percent|"
    r"per cent) of \d|"
    r"(?:sure|certain|confident)\b|or (?:more|less|fewer|so|higher|lower|above|below)\b|"
    r"at (?:most|least)\b|"
    r"(?:and|or) (?:a half|half|a quarter|three quarters)\b|"
    # another number
    rf"(?P<list>(?:[,;]|and|or|to|&)\s{{0,2}}(?:(?:or|and|also|maybe|perhaps|possibly|"
    rf"even)\s){{0,2}}{_MORE}"
    r"[\w.%]{0,12}[\s.)!*$]{0,4}$|"
    rf"(?:or|and|to|&|[–—])\s{_MORE}|[或和到至、]\s?{_MORE})|\s?\d{{1,15}}\s?/\s?\d|:\d\d\b|(?:ft|"
    rf"feet|foot|dollars?|pounds?|hours?)\s"
    r"(?:and\s)?\d)",
    re.IGNORECASE,
)
# A number behind these is a part of something, a bound, or names a thing.
_PART = re.compile(
    r"(?:[√<>≤≥±]|\\sqrt\s?\{?|sqrt\s?\(|\\(?:leq?|geq?|lt|gt|pm|mp|neq?)\s?|≠|"
    r"\b(?:sin|cos|tan|log|ln|exp)\s?\(?|"
    r"\b(?:rows?|columns?|figure|fig\.?|question|problem|step|page|table|line|case|equation|"
    r"part|section|"
    r"image|picture|chapter|example|exercise|q|depends on|confidence:?)\s|"
    r"(?:大于|小于|至少|至多|最多|最少|超过|不到|少于|多于|不足)\s?|"
    r"\b(?:twice|double|triple|half|plus or minus)\s|"
    r"\b(?:square|root|cube|half|double|twice|"
    r"third|quarter|power|logarithm|inverse|sum|product|multiple|"
    r"factors?|digits?)(?:\s\w+)? of\s|\b(?:at (?:least|most)|(?:more|less|fewer|greater|"
    r"larger|smaller) than|"
    r"up to|no more than|as many as)\s)[\s$(*]{0,4}$",
    re.IGNORECASE,
)
_REST = re.compile(r"[\d.,]{1,20}(?<=\d)")  # of a number whose first digit is matched
_BEFORE = 40
_CLAUSE_END = re.compile(
    r"[,;](?=\s\D)|[.!?](?=[\s*\"'”)]|$)|\s\((?=[a-zA-Z])|"
    r"\s(?:which|that|because|since|as|where|so|when|if)\s|$"
)
_LONGEST = 120


def continues(sentence: str, end: int) -> bool:
    """Whether what follows a number makes something else of it.

    Example:
        >>> continues("It is 5√2.", 7), continues("It is 5 apples.", 7), continues("4 or 5", 1)
        (True, False, True)
    """
    return _CONTINUES.match(sentence, end) is not None


def end_of_several(sentence: str, end: int) -> int | None:
    """Where another number ends that stands beside one: `4 or 5`, `4, 5`; None: none does."""
    match = _CONTINUES.match(sentence, end)
    if match is None or match["list"] is None:
        return None
    rest = _REST.match(sentence, match.end())
    return rest.end() if rest else match.end()


def is_part(sentence: str, start: int) -> bool:
    """Whether a number is a part of something else by what stands before it.

    Example:
        >>> is_part("It is √5.", 7), is_part("Figure 3 shows it.", 7), is_part("It is 5.", 6)
        (True, True, False)
    """
    return _PART.search(sentence[max(0, start - _BEFORE) : start]) is not None


def stretch(sentence: str, start: int, end: int) -> str:
    """A number with all that belongs to it.

    Example:
        >>> stretch("The length is 5√2 cm, as computed.", 14, 15)
        '5√2 cm'
    """
    more = _CONTINUES.match(sentence, end)
    mark = _CLAUSE_END.search(sentence, more.end() if more else end, end + _LONGEST)
    return sentence[start : mark.start() if mark else end + _LONGEST].strip(" *")
