r"""A formula with what stands around it: a currency, a percent sign, a unit, `million`, `dozen`."""

import re
from dataclasses import dataclass

from passk.domains.math.spelling import DOLLAR
from passk.domains.math.unit_tails import is_unit_like
from passk.domains.math.units import read_unit
from passk.domains.math.words import NUMBER_WORDS, is_count

_SCALES = {
    "hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "万": 4, "亿": 8,
    "百万": 6, "百": 2, "千": 3, "bn": 9, "mn": 6,
}  # fmt: skip
_SCALE = re.compile(rf"\s*({'|'.join(sorted(_SCALES, key=len, reverse=True))})s?(?![A-Za-z])\s*")
_DOZEN = re.compile(r"\s*dozens?(?![A-Za-z])\s*")
_PERCENT = re.compile(
    r"\s*(?:%|percent(?:age)?(?![A-Za-z])|per cent(?![A-Za-z])|pct(?![A-Za-z]))\s*"
)
_WORDY = r"A-Za-z\u4e00-\u9fff"
_BARE_TAIL = re.compile(
    rf"(?<=[\d)}}\]%!|])(?P<space>\s*)(?P<tail>\(?[{_WORDY}¢¥€][{_WORDY} ./^{{}}()\-\d]*)$"
)
_TEXT_TAIL = re.compile(r"\s*(?P<tail>\\text\{[^{}]*\}.*)$")
_DEGREES = re.compile(r"\s*\^\{\\circ\}\s*(?:[CF]|\\text\{\s*[CF]\s*\})?$")
_VARIABLES = re.compile(r"[A-Za-z]\d?|[A-Z]\d?(?:\s[A-Z]\d?){1,3}")
_APPLIED = re.compile(r"\\(?!frac|pi|sqrt)[a-z]+")
_CURRENCY = re.compile(rf"^(?P<sign>[-+]?)\s?(?:US|USD|HK|A|C)?\s?(?P<mark>[{DOLLAR}€£¥₹])\s?")
_CURRENCIES = {DOLLAR: "dollar", "€": "euro", "£": "gbp", "¥": "yuan", "₹": "rupee"}
_ORDINAL = re.compile(r"(?<=\d)\s?\^?\{?\s?(?:\\text\{\s?)?(?:st|nd|rd|th)\s?\}?\s?\}?$")


@dataclass(frozen=True)
class Value:
    """A formula.

    Attributes:
        formula: canonical LaTeX.
        unit: what stands behind it, or a currency, or empty.
        percent: a percent sign, or empty.
    """

    formula: str
    unit: str = ""
    percent: str = ""


def _words(tail: str) -> str:
    return re.sub(r"\\text\s*\{([^{}]*)\}", r" \1 ", tail).strip(" .,;:~")


def read_value(text: str) -> Value:
    r"""The formula of a canonical text, and what stands around it.

    Example:
        >>> read_value(r"3 \text{ million}").formula, read_value(r"35\text{ cm}").unit
        ('3 \\times 10^{6}', 'cm')
    """
    text = text.strip()
    if (word := _words(text).lower()) in NUMBER_WORDS:
        return Value(str(NUMBER_WORDS[word]))
    unit = ""
    if match := _CURRENCY.match(text):
        unit = _CURRENCIES[match["mark"]]
        text = match["sign"] + text[match.end() :]
    if text.endswith(DOLLAR):
        unit, text = "dollar", text.removesuffix(DOLLAR).rstrip()
    text = _ORDINAL.sub("", text)
    if (match := _DEGREES.search(text)) and not _APPLIED.search(text[: match.start()]):
        return Value(text[: match.start()].strip(), match[0].strip())
    head, tail, sure = _tail(text)
    head = head if tail else text
    if (match := _PERCENT.search(head)) and match.end() == len(head):
        return Value(head[: match.start()].strip(), unit or tail, "%")
    if not tail:
        return Value(text, unit)
    return _with_tail(text, head, tail, unit, sure)


def _tail(text: str) -> tuple[str, str, bool]:
    """Formula, words behind it, and whether these are set as text."""
    if match := _TEXT_TAIL.search(text):
        tail = match["tail"]
        rest = re.sub(r"\\text\{[^{}]*\}", "", tail)
        if match.start() and re.fullmatch(r"[\s^{}\d./()%-]*", rest):
            return text[: match.start()].strip(), tail, True
        return text, "", False
    match = _BARE_TAIL.search(text)
    if match and _is_tail(text[: match.start()], match["tail"]):
        return text[: match.start()].strip(), match["tail"], bool(match["space"])
    return text, "", False


def _is_tail(head: str, tail: str) -> bool:
    """Whether letters behind a formula may be words: brackets match, and the formula has none."""
    matched = all(tail.count(one) == tail.count(other) for one, other in ("()", "{}"))
    return matched and re.search(r"(?<![\\A-Za-z])[A-Za-z](?!rac|qrt|i\b)", head) is None


def _with_tail(text: str, head: str, tail: str, unit: str, sure: bool) -> Value:
    words = _words(tail)
    if match := _PERCENT.match(words):
        return Value(head, words[match.end() :].strip(), "%")
    for pattern, factor in ((_SCALE, "10^{{{}}}"), (_DOZEN, "12")):
        if match := pattern.match(words):
            power = _SCALES[match[1]] if match.groups() else ""
            return Value(rf"{head} \times {factor.format(power)}", unit or words[match.end() :])
    as_text = tail.startswith("\\text")
    if not words or (as_text and re.fullmatch(r"\([^()]*\)", words)):
        return Value(head, unit)
    if _only_says_of_what(words, tail, as_text=as_text, sure=sure):
        return Value(head, unit or words)
    return Value(text, unit)


def _only_says_of_what(words: str, tail: str, *, as_text: bool, sure: bool) -> bool:
    """Whether words behind a number are a unit or things counted, not variables."""
    if read_unit(tail) is not None or read_unit(words) is not None:
        return as_text or _VARIABLES.fullmatch(words) is None
    if as_text and is_unit_like(words):
        return True
    plain = as_text or _chinese(words) or words[0] == "(" or (sure and len(words) > 2)
    return plain and is_count(words)


def _chinese(words: str) -> bool:
    return words[0] >= "\u4e00"
