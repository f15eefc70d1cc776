r"""What kind of answer a text is: words, a number with its unit, a list, a named value, a relation.

Everything that is a formula without such structure is left whole, for algebra to compare.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from passk.domains.math.brackets import closing_bracket, outside
from passk.domains.math.quantities import Value, read_value
from passk.domains.math.units import read_unit
from passk.domains.math.words import NUMBER_WORDS, bare, is_prose


@dataclass(frozen=True)
class Words:
    """A name, a phrase, a choice: compared as text."""

    text: str


@dataclass(frozen=True)
class Based:
    """Digits in a base other than ten: `52_8`."""

    digits: str
    base: int


@dataclass(frozen=True)
class Ratio:
    """Numbers joined by colons, as ratios and times of day are; `half` is `am`, `pm` or empty."""

    parts: tuple[str, ...]
    half: str = ""


@dataclass(frozen=True)
class Items:
    """Several answers. `brackets` is empty for a bare list, else what opens and closes."""

    brackets: str
    items: tuple["Shape", ...]


@dataclass(frozen=True)
class Named:
    """A name that stands for a value: `x = 5`, `f(x) = x^2`."""

    name: str
    value: "Shape"


@dataclass(frozen=True)
class Relation:
    """Formulas with relations between them: `2 < x \\le 3`, `x^2 + y^2 = 1`."""

    members: tuple[str, ...]
    signs: tuple[str, ...]


Shape = Words | Based | Ratio | Items | Named | Relation | Value

_SEPARATOR = re.compile(
    r"\s*(?:,?\s*\\text\{\s*,?\s*(?:and|or)\s*,?\s*\}|,?\s*\b(?:and|or)\b|[,;])\s*"
    r"(?:(?:\\text\{\s*(?:and|or)\s*\}|\b(?:and|or)\b)\s*)?"
)
_THOUSANDS = re.compile(r"[+-]?¤?\s?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])[^,;]*")
_SIGNS = re.compile(
    r"(?:\\(?:le|ge|ne|approx|sim|equiv|in|notin|to|Rightarrow|implies|iff|Leftrightarrow|propto|"
    r"cong|parallel|perp|subset|subseteq|mid|forall|exists|land|lor|lnot)(?![A-Za-z])|[<>=≅])"
)
_NAME = re.compile(
    r"(?:\\(?:text|angle|triangle|overline|vec|bar|hat|mathcal|Delta|max|min|sup|inf|det|dim|deg|"
    r"Pr|gcd|operatorname|mathrm|cdot|frac)|\\[a-zA-Z]+|[A-Za-z]|[_'|(){}=<>,\s\d+\-*/^\\&:!.])+"
)
_BASED = re.compile(
    r"\(?\s*(?:\\text\{)?\s*([0-9A-Fa-f]{1,64}|[0-9A-Fa-f]+\.[0-9A-Fa-f]+)\s*\}?\s*\)?\s?_\s?(?:\{?\s*(?:\\text\{)?\s*"
    r"(?:base\s*)?(\d{1,2}|two|three|four|five|six|seven|eight|nine|twelve|sixteen)\s*\}?\s*\}?)"
)
_BASES = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "twelve": 12, "sixteen": 16,
}  # fmt: skip
_IN_BASE = re.compile(
    r"([0-9A-F]{1,64})\s*(?:\\text\{)?\s*\(?(?:in )?base[- ]?\s*\}?\s*(\d{1,2})\)?\s*\}?"
)
_RATIO = re.compile(
    r"(\d{1,30}(?:\.\d+)?(?:\s?:\s?\d{1,30}(?:\.\d+)?){1,6})\s*(?:\\text\{)?\s*"
    r"(?:([ap])\.?\s?m)?\.?\s*\}?", re.IGNORECASE)  # fmt: skip
_HOUR = re.compile(r"(\d{1,2})\s*(?:\\text\{)?\s*([ap])\.?\s?m\.?\s*\}?", re.IGNORECASE)
_CUP = re.compile(r"\\cup(?![A-Za-z])")
_ODD_TIME = re.compile(r"\d{1,2}:\d\d\s*[A-Za-z.]+")
_BUILDER = re.compile(r"(?:\\mid|\||:)(?![A-Za-z])")
_MINUS_PLUS = re.compile(r"\\(pm|mp)(?![A-Za-z])")
_LEAD = re.compile(
    r"(?:\\text\{)?\s*(?:(?:there (?:are|is)|it is|we (?:get|have)|therefore|thus|so|hence|the|final|answers?|is|are|about|approximately|"
    r"exactly|around|roughly|equals?|a total of|total|value|of)\b[\s:,]*)+\}?\s*(?=[-+\\\d¤(\[{])",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"\\text\{(?![^{}]*\b(?:not|no|never|if)\b)[^{}]{1,80}(?:\b(?:is|are|equals)|[:=])\s*\}\s*(?=.)"
)
_COMPOUND = re.compile(
    r"(\d+)\s*(?:\\text\{)?\s*([A-Za-z]+)\s*\}?\s*(?:\\text\{)?\s*(?:and|,)?\s*\}?\s*(\d+(?:\.\d+)?)\s*"
    r"(?:\\text\{)?\s*([A-Za-z]+)\s*\}?"
)
_FIGURE = re.compile(r"\\(?:angle|triangle|odot|arc|widehat|square)\s*\{?\s*[A-Z]{2,6}\s*\}?")
_REMARK = re.compile(
    r",?\s*(?:\\text\{\s*,?\s*)?\b(?:where|with|for all|for every|for any|for some|when|whenever)\b.*"
)
_LONGEST = 2000  # characters; longer ones are compared as they stand
_LONGEST_LIST = 400


def split(text: str) -> list[str]:
    """The parts of a list, outside of all brackets.

    Example:
        >>> split(r"(1,2), 3 \\text{ and } x"), split("1,234")
        (['(1,2)', '3', 'x'], ['1,234'])
    """
    if _THOUSANDS.fullmatch(text):
        return [text]
    visible = _visible(text)
    parts, start = [], 0
    for match in _SEPARATOR.finditer(visible):
        if match.end() == match.start():
            continue
        parts.append(text[start : match.start()].strip())
        start = match.end()
    parts.append(text[start:].strip())
    return [part for part in parts if part][:_LONGEST_LIST]


def _visible(text: str) -> str:
    """What stands outside of brackets; joints in `\\text{}` stand outside, too."""
    kept = list(outside(text))
    for match in re.finditer(r"\\text\{\s*,?\s*(?:and|or)\s*,?\s*\}", text):
        if kept[match.start()] != "\0":
            kept[match.start() : match.end()] = match[0]
    return "".join(kept)


def read(text: str, depth: int = 0) -> Shape:
    r"""The shape of a canonical text.

    Example:
        >>> read("x = 5").name, read("52_8"), read("3:45 p.m.")
        ('x', Based(digits='52', base=8), Ratio(parts=('3', '45'), half='p'))
    """
    text = text.strip()
    if depth > 12 or not text or len(text) > _LONGEST:
        return Value(text)
    if (number := NUMBER_WORDS.get(bare(text).lower())) is not None:
        return Value(str(number))
    for special in (_based, _ratio):
        if (shape := special(text)) is not None:
            return shape
    if (compound := _COMPOUND.fullmatch(text)) and (shape := _added(compound)) is not None:
        return shape
    if (lead := _LEAD.match(text) or _SENTENCE.match(text)) and lead.end() < len(text):
        text = text[lead.end() :]
    if is_prose(text) or _FIGURE.fullmatch(text):
        return Words(text)
    if text == r"\mathbb{R}":
        return Items("()", (Value(r"-\infty"), Value(r"\infty")))
    if "mid" not in text and (cut := _REMARK.search(outside(text))) and cut.start() > 0:
        text = text[: cut.start()].rstrip(" ,")
    parts = split(text)
    if len(parts) > 1:
        return Items("", _inherit(tuple(read(part, depth + 1) for part in parts)))
    if not parts:
        return Value(text)
    return _single(parts[0], depth)


def _single(text: str, depth: int) -> Shape:
    if _SIGNS.search(outside(text)):
        return _relation(text, depth)
    if r"\cup" in (hidden := outside(text)):
        bounds = [0, *(end for cup in _CUP.finditer(hidden) for end in cup.span()), len(text)]
        parts = [text[bounds[i] : bounds[i + 1]] for i in range(0, len(bounds), 2)]
        if all(part.strip()[:1] in ("(", "[", "\\") and part.strip() for part in parts):
            return Items("∪", tuple(read(part, depth + 1) for part in parts))
    if text[0] in "([" or text.startswith(r"\{"):
        opening = 0 if text[0] != "\\" else 1
        end = closing_bracket(text, opening)
        if end == len(text) - 1:
            return _bracketed(text, opening, depth)
    if match := _MINUS_PLUS.search(text):
        return Items("", tuple(read(_sided(text, first), depth + 1) for first in "+-"))
    return read_value(text)


def _sided(text: str, sign: str) -> str:
    """The formula with one side of each plus-minus."""
    other = "-" if sign == "+" else "+"
    text = _MINUS_PLUS.sub(lambda match: sign if match[1] == "pm" else other, text)
    return re.sub(r"(^|[(\[{=,])\s*\+\s*", r"\1", text)


def _bracketed(text: str, opening: int, depth: int) -> Shape:
    kind = ("{" if opening else text[0]) + text[-1]
    inner = text[opening + 1 : -1].removesuffix("\\").strip()
    if kind == "{}":
        parts = _BUILDER.split(inner, maxsplit=1) if not inner.startswith("|") else [inner]
        if len(parts) == 2 and _SIGNS.search(parts[1]) and len(parts[0]) < 40:
            return read(parts[1], depth + 1)
        items = split(inner)
        shapes = tuple(read(part, depth + 1) for part in items)
        flat: list[Shape] = []
        for shape in shapes:
            flat += shape.items if isinstance(shape, Items) and not shape.brackets else [shape]
        return Items("{}", tuple(flat))
    if "," not in outside(inner) and ";" not in outside(inner):
        if kind == "()":
            return read(inner, depth + 1) if not re.fullmatch(r"\d+", inner) else read_value(inner)
        return Value(text) if kind == "[]" and not inner else read(inner, depth + 1)
    parts = re.split("[,;]", outside(inner))
    items, start = [], 0
    for part in parts:
        items.append(inner[start : start + len(part)].strip())
        start += len(part) + 1
    return Items(kind, tuple(read(item, depth + 1) for item in items))


def _inherit(items: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """`n = 2, 3, 4`: the name of the first is that of all that have none."""
    first = items[0]
    if not isinstance(first, Named):
        return items
    if any(isinstance(item, Named | Relation) for item in items[1:]):
        return items
    return tuple(Named(first.name, item) if not isinstance(item, Named) else item for item in items)


def is_name(text: str) -> bool:
    r"""Whether a formula is a name, or a sum or quotient of names: it stands for what it equals.

    Example:
        >>> [is_name(text) for text in ("x", "f(x)", "|AB|", "x_1 + x_2", "x^2", "16", "2x")]
        [True, True, True, True, False, False, False]
    """
    text = text.strip().strip("&").strip()
    if not text or len(text) > 120 or _NAME.fullmatch(text) is None:
        return False
    if re.fullmatch(r"(?:\\text\{[^{}]*\}|[A-Z][a-z]+(?: [a-z]+)*)(?:\s*\([^()]*\))?", text):
        return True
    bare = re.sub(r"_\s?(?:\{[^{}]{1,40}\}|\\?\w)", "", text)
    bare = re.sub(
        r"\\(?:sin|cos|tan|cot|sec|csc)(?:\^\{?2\}?)?\s*(?:\\angle\s*|\\left)*\(?(?:\\(?!frac)[a-z]+|[A-Z]{1,3})\)?(?![A-Za-z(])",
        "N",
        bare,
    )  # noqa: E501
    bare = re.sub(r"[A-Za-z]'*\s?\((?:[^()]|\([^()]*\))*\)|\\[a-z]+\s?\([^()]*\)", "N", bare)
    if re.search(r"\d|[\^]|\\(?:sqrt|ln|log|sin|cos|tan|cot|sec|csc|exp|int|sum)(?![a-z])", bare):
        return False
    return re.search(r"[A-Za-z]", bare) is not None


def _relation(text: str, depth: int) -> Shape:
    hidden = outside(text)
    signs = list(_SIGNS.finditer(hidden))
    bounds = [0, *(end for sign in signs for end in sign.span()), len(text)]
    members = [text[bounds[i] : bounds[i + 1]].strip(" &") for i in range(0, len(bounds), 2)]
    marks = [sign[0] for sign in signs]
    if "\\approx" in marks and marks.index("\\approx") and set(marks) <= {"=", "\\approx"}:
        place = marks.index("\\approx")  # what follows is the same, rounded
        members, marks = members[: place + 1], marks[:place]
    elif marks == ["\\approx"]:
        if not is_name(members[0]) and members[0]:
            return read(members[0], depth + 1)
        marks = ["="]
    if marks == ["\\equiv"] and is_name(members[0]):
        marks = ["="]
    if set(marks) == {"="} and members[0] and members[-1]:
        if is_sum(members[0]) and members[-1].strip() == "0":
            return Relation(tuple(members), tuple(marks))
        if is_name(members[0]) and not (
            len(members) == 2 and is_name(members[1]) and _both(members)
        ):
            if len(members) == 2 or all(member for member in members):
                rest = members[1:]
                while len(rest) > 1 and is_name(rest[0]):
                    rest = rest[1:]
                if len(rest) == 1:
                    return Named(members[0].replace(" ", ""), read(rest[0], depth + 1))
                return Named(
                    members[0].replace(" ", ""), Relation(tuple(rest), ("=",) * (len(rest) - 1))
                )
        if not members[0]:
            return read(members[-1], depth + 1)
        if len(members) == 2 and is_name(members[1]) and not is_name(members[0]):
            return Named(members[1].replace(" ", ""), read(members[0], depth + 1))
    if marks == ["\\in"] and members[0] and is_name(members[0]):
        return Relation((members[0], members[1]), ("\\in",))
    if marks == ["="] and not members[0]:
        return read(members[1], depth + 1)
    return Relation(tuple(members), tuple(marks))


def is_sum(text: str) -> bool:
    """Whether a formula is a sum or difference."""
    return re.search(r"(?<=[^\s(])\s*[+-]", outside(text)) is not None


def _both(members: list[str]) -> bool:
    """Whether an equation of names is one of several-letter names: `MR = SRMC`, `PV = nRT`."""
    return all(re.fullmatch(r"[A-Za-z]{2,}", member.replace(" ", "")) for member in members)


def _based(text: str) -> Based | None:
    match = _BASED.fullmatch(text) or _IN_BASE.fullmatch(text)
    if match is None or not match[1][0].isalnum() or not re.search(r"\d", match[1]):
        return None
    base = _BASES.get(match[2]) or int(match[2])
    return Based(match[1].upper(), base) if 2 <= base <= 36 else None


def _added(match: re.Match[str]) -> Shape | None:
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


def _ratio(text: str) -> Ratio | Words | None:
    if match := _HOUR.fullmatch(text):
        return Ratio((match[1], "00"), match[2].lower())
    match = _RATIO.fullmatch(text)
    if match is None:
        return Words(text) if _ODD_TIME.fullmatch(text) else None
    parts = tuple(part.strip() for part in match[1].split(":"))
    return Ratio(parts, (match[2] or "").lower())
