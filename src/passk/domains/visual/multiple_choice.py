r"""Words, and which of the offered answers a text names.

Example:
    >>> chosen("(B)", ("135°", "140°")), chosen("A: 135°", ("135°", "140°"))
    ('140°', '135°')
    >>> chosen("the larger", ("larger", "smaller")), chosen("both", ("larger", "smaller"))
    ('larger', None)
"""

import re
import unicodedata
from collections.abc import Sequence

from passk.domains.visual.markup import plain
from passk.domains.visual.quantities import Values, pairs, read

_PUNCTUATION = re.compile(r"[^\w]+")
_ARTICLES = re.compile(r"\b(?:the|an|a) (?=\w)")
_LABEL = re.compile(
    r"(?:(?:option|choice|answer)s? )?(?:\(([A-Z])\)|([A-Z])(?=[).:,]|\s?$))[).:,]?\s?(.{0,400})",
    re.DOTALL,
)
_SMALL_LETTER = re.compile(r"\(?([a-z])\)?")
_DENIED = re.compile(r"\b(?:not|n t)(?: \w+){1,3}")
_ITEM = re.compile(r"\(?[A-Z][).:]\s")
_MENTION = re.compile(r"\(([A-Z])\)|\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer) \(?([A-Z])\b\)?")


def words(text: str) -> str:
    """A text without case, articles and punctuation.

    Example:
        >>> words("The  Red-Panda.")
        'red panda'
    """
    text = unicodedata.normalize("NFKC", plain(text)).casefold()
    spaced = _PUNCTUATION.sub(" ", text).strip()
    return _ARTICLES.sub("", spaced) or spaced


def _by_letter(letter: str, choices: Sequence[str]) -> str | None:
    index = ord(letter) - ord("A")
    return choices[index] if index < len(choices) else None


def _exactly(text: str, choices: Sequence[str]) -> str | None:
    bare = plain(text).casefold()
    return next((choice for choice in choices if plain(choice).casefold() == bare), None)


def _by_text(text: str, choices: Sequence[str]) -> str | None:
    """The choice that a text is; signs count, for `-2` and `2` differ."""
    if (choice := _exactly(text, choices)) is not None:
        return choice
    number = read(text)
    if number is not None:
        same = [offered for offered in choices if _agree(read(offered), number)]
        choice = same[0] if len(same) == 1 else None
    elif named_words := words(text):
        same = [
            offered
            for offered in choices
            if words(offered) == named_words and read(offered) is None
        ]
        choice = same[0] if len(same) == 1 else None
    return choice


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
    if match := _SMALL_LETTER.fullmatch(plain(text)):
        return _by_letter(match[1].upper(), choices)
    if match := _LABEL.fullmatch(plain(text)):
        letter = match[1] or match[2]
        named = _by_letter(letter, choices)
        if any(letter not in mention.groups() for mention in _MENTION.finditer(match[3])):
            return None
        other = _by_text(match[3], choices) if match[3] else None
        return named if other in (None, named) else None
    return _by_text(text, choices)


def several_letters(text: str) -> bool:
    """Whether a text mentions more than one letter of a choice, as `(A)` or `option B`."""
    return len({match[1] or match[2] for match in _MENTION.finditer(text)}) > 1


def is_labelled(text: str) -> bool:
    """Whether a text begins with the letter of a choice, as an item of a list of them does."""
    return _ITEM.match(plain(text)) is not None


def _contradicted(text: str, named: str, choices: Sequence[str]) -> bool:
    """Whether behind a letter stands the text of another choice."""
    others = (_by_text(text[match.end() :][:400], choices) for match in _MENTION.finditer(text))
    return any(other not in (None, named) for other in others)


def mentioned(text: str, choices: Sequence[str]) -> str | None:
    """The only offered answer that a sentence mentions, as letter or as words; else None.

    Numbers are not looked for: a sentence may hold many. A choice whose words are part of
    another's that is mentioned, too, does not count, nor does one behind `not`.

    Example:
        >>> mentioned("So the red car is larger.", ("larger", "smaller"))
        'larger'
        >>> mentioned("It is larger, not smaller.", ("larger", "smaller"))
        'larger'
        >>> mentioned("Larger or smaller.", ("larger", "smaller")) is None
        True
    """
    letters = {
        named
        for match in _MENTION.finditer(text)
        if (named := _by_letter(match[1] or match[2], choices)) is not None
    }
    if letters:
        named = letters.pop()
        return named if not letters and not _contradicted(text, named, choices) else None
    sentence_words = _DENIED.sub(" ", f" {words(text)} ")
    mentioned_choices = [
        choice
        for choice in choices
        if (bare := words(choice))
        and f" {bare} " in sentence_words
        and not re.search(r"\d", choice)
    ]
    alone = [
        choice
        for choice in mentioned_choices
        if not any(words(choice) != words(longer) and f" {words(choice)} " in f" {words(longer)} "
                   for longer in mentioned_choices)
    ]  # fmt: skip
    return alone[0] if len({words(choice) for choice in alone}) == 1 else None
