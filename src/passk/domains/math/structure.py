"""Reading the shape of an answer; see `shapes`."""

import re

from passk.domains.math.brackets import closing_bracket, outside
from passk.domains.math.chains import has_sign, read_chain
from passk.domains.math.notations import read_notation
from passk.domains.math.quantities import Value, read_value
from passk.domains.math.shapes import Items, Named, Relation, Shape, Words
from passk.domains.math.words import NUMBER_WORDS, bare, is_prose

_AND = r"\\text\{\s*,?\s*(?:and|or)\s*,?\s*\}"
_SEPARATOR = re.compile(
    rf"\s*(?:,?\s*{_AND}|,?\s*\b(?:and|or)\b|[,;])\s*(?:(?:{_AND}|\b(?:and|or)\b)\s*)?"
)
_TEXT_AND = re.compile(_AND)
_OR = re.compile(r"\s*(?:\\text\{)?\s*or\s*\}?\s*")
_THOUSANDS = re.compile(r"[+-]?¤?\s?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])[^,;]*")
_CUP = re.compile(r"\\cup(?![A-Za-z])")
_BUILDER = re.compile(r"\\mid(?![A-Za-z])|[|:]")
_MINUS_PLUS = re.compile(r"\\(pm|mp)(?![A-Za-z])")
_LEAD = re.compile(
    r"(?:\\text\{)?\s*(?:(?:there (?:are|is)|it is|we (?:get|have)|therefore|thus|so|hence|the|"
    r"final|answers?|is|are|about|approximately|exactly|around|roughly|equals?|a total of|total|"
    r"value|of)\b[\s:,]*)+\}?\s*(?=[-+\\\d¤(\[{])",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"\\text\{(?![^{}]*\b(?:not|no|never|if)\b)[^{}]{1,80}(?:\b(?:is|are|equals)|[:=])\s*\}\s*(?=.)"
)
_FIGURE = re.compile(r"\\(?:angle|triangle|odot|arc|widehat|square)\s*\{?\s*[A-Z]{2,6}\s*\}?")
_REMARK = re.compile(
    r",?\s*(?:\\text\{\s*,?\s*)?\b(?:where|with|for (?:all|every|any|some)|when|whenever)\b.*"
)
_REALS = Items("()", (Value(r"-\infty"), Value(r"\infty")))
_LONGEST = 2000  # characters; longer ones are compared as they stand
_LONGEST_LIST = 400
_DEEPEST = 12
_LONGEST_ELEMENT = 40


def split(text: str) -> list[str]:
    r"""The parts of a list, outside of all brackets.

    Example:
        >>> split(r"(1,2), 3 \text{ and } x"), split("1,234")
        (['(1,2)', '3', 'x'], ['1,234'])
    """
    return _parted(text)[0]


def _parted(text: str) -> tuple[list[str], bool]:
    """The parts of a list, and whether `or` alone joins them."""
    if _THOUSANDS.fullmatch(text):
        return [text], False
    visible = list(outside(text))
    for match in _TEXT_AND.finditer(text):
        if visible[match.start()] != "\0":
            visible[match.start() : match.end()] = match[0]
    joints = list(_SEPARATOR.finditer("".join(visible)))
    bounds = [0, *(end for joint in joints for end in joint.span()), len(text)]
    parts = [text[bounds[i] : bounds[i + 1]].strip() for i in range(0, len(bounds), 2)]
    alternatives = all(_OR.fullmatch(joint[0]) for joint in joints)
    return [part for part in parts if part][:_LONGEST_LIST], alternatives


def read(text: str, depth: int = 0) -> Shape:
    r"""The shape of a canonical text.

    Example:
        >>> read("x = 5").name, read(r"\text{east}"), len(read("1, 2 or 3").items)
        ('x', Words(text='\\text{east}'), 3)
    """
    text = text.strip()
    if depth > _DEEPEST or not text or len(text) > _LONGEST:
        return Value(text)
    if (number := NUMBER_WORDS.get(bare(text).lower())) is not None:
        return Value(str(number))
    if (shape := read_notation(text)) is not None:
        return shape
    text = _without_introduction(text)
    if is_prose(text) or _FIGURE.fullmatch(text):
        return Words(text)
    parts, alternatives = _parted(_without_remark(text))
    if len(parts) > 1:
        items = _inherit(tuple(read(part, depth + 1) for part in parts))
        return Items("", items, alternatives)
    return _read_single(parts[0] if parts else text, depth)


def _without_introduction(text: str) -> str:
    lead = _LEAD.match(text) or _SENTENCE.match(text)
    return text[lead.end() :] if lead and lead.end() < len(text) else text


def _without_remark(text: str) -> str:
    """Without `where b is an integer`, but with the condition of a set."""
    cut = None if "mid" in text else _REMARK.search(outside(text))
    return text[: cut.start()].rstrip(" ,") if cut and cut.start() else text


def _inherit(items: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """`n = 2, 3, 4`: the name of the first is that of all that have none."""
    first = items[0]
    if not isinstance(first, Named) or any(isinstance(i, Named | Relation) for i in items[1:]):
        return items
    return (first, *(Named(first.name, item) for item in items[1:]))


def _read_single(text: str, depth: int) -> Shape:
    def read_part(part: str) -> Shape:
        return read(part, depth + 1)

    if has_sign(text):
        return read_chain(text, read_part)
    if text == r"\mathbb{R}":
        return _REALS
    if (parts := _union(text)) is not None:
        return Items("∪", tuple(map(read_part, parts)))
    opening = 1 if text.startswith(r"\{") else 0
    if (opening or text[0] in "([") and closing_bracket(text, opening) == len(text) - 1:
        return _read_bracketed(text, opening, depth)
    if _MINUS_PLUS.search(text):
        return Items("", tuple(read_part(_sided(text, sign)) for sign in "+-"))
    return read_value(text)


def _union(text: str) -> list[str] | None:
    """The parts of a union of sets that are written out."""
    cups = list(_CUP.finditer(outside(text)))
    if not cups:
        return None
    bounds = [0, *(end for cup in cups for end in cup.span()), len(text)]
    parts = [text[bounds[i] : bounds[i + 1]].strip() for i in range(0, len(bounds), 2)]
    return parts if all(part and part[0] in "([\\" for part in parts) else None


def _sided(text: str, sign: str) -> str:
    """The formula with one side of each plus-minus."""
    other = "-" if sign == "+" else "+"
    text = _MINUS_PLUS.sub(lambda match: sign if match[1] == "pm" else other, text)
    return re.sub(r"(^|[(\[{=,])\s*\+\s*", r"\1", text)


def _read_bracketed(text: str, opening: int, depth: int) -> Shape:
    kind = ("{" if opening else text[0]) + text[-1]
    inner = text[opening + 1 : -1].removesuffix("\\").strip()
    if kind == "{}":
        return _read_set(inner, depth)
    hidden = outside(inner)
    if inner and "," not in hidden and ";" not in hidden:
        return read_value(inner) if inner.isdigit() else read(inner, depth + 1)
    ends = [match.start() for match in re.finditer("[,;]", hidden)]
    bounds = [-1, *ends, len(inner)]
    parts = [inner[bounds[i] + 1 : bounds[i + 1]] for i in range(len(bounds) - 1)]
    return Items(kind, tuple(read(part, depth + 1) for part in parts))


def _read_set(inner: str, depth: int) -> Shape:
    """A set: by its elements, or by a condition, which then is the shape."""
    parts = _BUILDER.split(inner, maxsplit=1) if not inner.startswith("|") else [inner]
    if len(parts) == 2 and has_sign(parts[1]) and len(parts[0]) < _LONGEST_ELEMENT:
        return read(parts[1], depth + 1)
    elements: list[Shape] = []
    for part in split(inner):
        shape = read(part, depth + 1)
        elements += shape.items if isinstance(shape, Items) and not shape.brackets else [shape]
    return Items("{}", tuple(elements))
