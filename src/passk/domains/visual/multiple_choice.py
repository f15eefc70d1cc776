r"""Words, and which of the offered answers a text is, by itself or by its letter.

Example:
    >>> chosen("(B)", ("135°", "140°")), chosen("A: 135°", ("135°", "140°"))
    ('140°', '135°')
    >>> chosen("the larger", ("larger", "smaller")), chosen("A, B", ("larger", "smaller"))
    ('larger', None)
"""

import re
import unicodedata
from collections.abc import Sequence

from passk.domains.visual.formulas import formula
from passk.domains.visual.markup import plain
from passk.domains.visual.quantities import Values, pairs, read

_PUNCTUATION = re.compile(r"[^\w]+")
_ARTICLES = re.compile(r"\b(?:the|an|a) (?=\w)")
_LABEL = re.compile(
    r"(?:(?:option|choice|answer|letter|选项)s?\s?)?[\[{(]{0,2}(?:\(([A-Z])\)|"
    r"([A-Z])(?=[).:,\]}]|\s?$|"
    r"\s[-–—(=]))"
    r"[)\]}.:,]{0,3}\s?(?:[-–—=]\s)?(.{0,400})",
    re.DOTALL | re.IGNORECASE,
)
_SPACED_LABEL = re.compile(r"([A-Z])\s(.{1,400})", re.DOTALL)
_SMALL_OPTION = re.compile(r"(?:[Oo]ption|[Cc]hoice|[Aa]nswer)s?\s\(?([a-z])\)?")
_UNIT_SPACE = re.compile(r"(?<=\d)\s(?=[a-zA-Z])")
_SMALL_LETTER = re.compile(r"[\[({]{0,2}([a-z])[\])}.:?]{0,3}")
_LETTER = re.compile(r"(?<![\w'’])([A-Z])(?![\w'’])")
_VERB = re.compile(
    r"(?:is|are|was|can|cannot|could|does|do|must|would|should|fits?|looks?|seems?|\w{1,6}n['’]t)\b"
    r"|错|不|正确",
    re.IGNORECASE,
)
_MARKS = re.compile(r"(?<=[^\d)])[?!]{1,3}$")
_NOT_MORE = re.compile(r",? (?:and )?not (?:option |choice )?[(]?[A-Z]\b[)]?$")


def words(text: str) -> str:
    """A text without case, articles and punctuation.

    Example:
        >>> words("The  Red-Panda.")
        'red panda'
    """
    text = unicodedata.normalize("NFKC", plain(text)).casefold()
    spaced = _PUNCTUATION.sub(" ", text).strip()
    return _ARTICLES.sub("", spaced) or spaced


def by_letter(letter: str, choices: Sequence[str]) -> str | None:
    """The choice that a letter names."""
    index = ord(letter.upper()) - ord("A")
    return choices[index] if 0 <= index < len(choices) else None


def _exactly(text: str, choices: Sequence[str]) -> str | None:
    bare = _unspaced(text)
    return next((choice for choice in choices if _unspaced(choice) == bare), None)


def _unspaced(text: str) -> str:
    """A text in lower case, without spaces between a number and its unit."""
    return _UNIT_SPACE.sub("", plain(text).casefold())


def by_text(text: str, choices: Sequence[str]) -> str | None:
    """The choice that a text is; signs count, for `-2` and `2` differ."""
    if (choice := _exactly(text, choices)) is not None:
        return choice
    number = read(text)
    if number is None and (result := formula(text)) is not None:
        number = read(result)
    if number is not None:
        same = [offered for offered in choices if _agree(read(offered), number)]
        return same[0] if len(same) == 1 else None
    if not (named_words := words(text)):
        return None
    same = [
        offered for offered in choices if words(offered) == named_words and read(offered) is None
    ]
    return same[0] if len(same) == 1 else None


def _agree(choice: Values | None, number: Values) -> bool:
    return choice is not None and any(first == second for first, second in pairs(choice, number))


def chosen(text: str, choices: Sequence[str]) -> str | None:
    """The offered answer that a text names, by itself or by its letter; None: none, or several.

    A bare letter that is itself a choice is that choice. A letter with another letter, or with
    the text of another choice, names none.
    """
    text = text.strip()
    if (choice := _exactly(text, choices)) is not None:
        return choice
    bare = _MARKS.sub("", _NOT_MORE.sub("", plain(text)).strip("'\"`“”‘’ "))
    if match := _SMALL_LETTER.fullmatch(bare) or _SMALL_OPTION.fullmatch(bare):
        return by_letter(match[1], choices)
    if (match := _LABEL.fullmatch(bare)) and (match[1] or match[2]).isupper():
        return _labelled(match[1] or match[2], match[3], choices)
    if match := _SPACED_LABEL.fullmatch(bare):
        named = by_letter(match[1], choices)
        if named is not None and by_text(match[2], choices) == named:
            return named
    return by_text(bare, choices)


def _labelled(letter: str, rest: str, choices: Sequence[str]) -> str | None:
    """The choice of a letter, unless what follows names another, by letter or text."""
    if _VERB.match(rest):
        return None  # a sentence about it, which may reject it
    named = by_letter(letter, choices)
    other = by_text(rest.strip("() "), choices) if rest else None
    if other is not None:
        return named if other == named else None
    others = {match[1] for match in _LETTER.finditer(rest)} - {letter}
    if rest[:2] == "A ":
        others -= {"A"}
    return None if any(by_letter(one, choices) is not None for one in others) else named
