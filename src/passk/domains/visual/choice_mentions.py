r"""Which of the offered answers a sentence mentions: `B is correct`, `so the red one is larger`.

What a sentence denies, asks, supposes or leaves out is not mentioned (`stated.denials`).
"""

import re
from collections.abc import Iterator, Sequence

from passk.domains.stated.denials import is_claimed
from passk.domains.stated.statement import Span
from passk.domains.visual.markup import plain
from passk.domains.visual.multiple_choice import by_letter, by_text
from passk.domains.visual.quantities import read

_ITEM = re.compile(r"\(?[A-Z][).:]\s")
_MENTION = re.compile(
    r"\((?P<round>[A-Z])\)|\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer|"
    r"选项)\s?[(*]{0,3}(?P<named>[A-Z])\b[)*]{0,3}"
)
# A letter by itself, where it is an answer and no article or name.
_BARE = re.compile(
    r"(?:\b(?i:go with|choose|pick|select|say|is|be|it['’]s|so|thus|hence|therefore|clearly|"
    r"correct|"
    r"final|only|选)|^)[\s,:*]{0,4}"
    r"(?P<letter>[A-Z])(?=[\s.*!)]{0,4}$|[.,;!]\s|\*{0,2}\s(?:is|seems|must|remains|fits|because|since|as)\b)"
)
# Letters by themselves: not the article `A`, the pronoun `I`, or those of names.
_LETTER = re.compile(r"(?<![\w'’])(?!A [a-z]|I\b)([A-Z])(?![\w'’])")
_REASON = re.compile(r"\b(?:because|since|as)\b")
# Words that say of another word that there is none of it, unless they stand alone.
_DETERMINERS = ("no", "none", "neither", "all", "both", "more", "less", "same")
_OTHER_SENSE = re.compile(r"(?:you(?:['’]re| are)|all|that['’]s) $")
# What is conceded is not what is answered: `no, although yes in some cases`.
_CONCESSION = re.compile(
    r"(?:^|[\s,;(])(?:even )?(?:although|though)\b[^,.;\n]{0,200}", re.IGNORECASE
)
_LONGEST = 2000


def letters_mentioned(text: str) -> Iterator[tuple[str, Span]]:
    """Letters of choices as `(A)`, `option B` and `so C.`, and where they stand."""
    claim = _REASON.split(text, maxsplit=1)[0]
    alone = {match[1] for match in _LETTER.finditer(claim)}
    bare = [] if len(alone) > 1 else _BARE.finditer(claim)
    for match in (*_MENTION.finditer(text), *bare):
        name = match.lastgroup or ""
        yield match[name], match.span(name)


def several_letters(text: str) -> bool:
    """Whether a text mentions more than one letter of a choice, or lists them on lines."""
    letters = {match[1] or match[2] for match in _MENTION.finditer(text)}
    lines = re.findall(r"^\W{0,3}([A-Z])\W{0,3}$", text, re.MULTILINE)
    return len(letters) > 1 or len(set(lines)) > 1


def is_labelled(text: str) -> bool:
    """Whether a text begins with the letter of a choice, as an item of a list of them does."""
    return _ITEM.match(plain(text)) is not None


def _contradicted(text: str, named: str, choices: Sequence[str]) -> bool:
    """Whether behind or before a letter stands the text of another choice."""
    for _, (start, end) in letters_mentioned(text):
        behind, before = text[end:][:400].lstrip(")] ,:*.-–"), text[:start].rstrip("([ ,:*")
        if any(
            other and by_text(other, choices) not in (None, named) for other in (behind, before)
        ):
            return True
    return False


def mentioned(text: str, choices: Sequence[str]) -> str | None:
    """The only offered answer that a sentence mentions, as letter or as words; else None.

    Plain numbers are not looked for: a sentence may hold many. A choice whose words are part of
    another's that is mentioned, too, does not count.

    Example:
        >>> mentioned("So the red car is larger.", ("larger", "smaller"))
        'larger'
        >>> mentioned("It is larger, not smaller.", ("larger", "smaller"))
        'larger'
        >>> mentioned("Larger or smaller.", ("larger", "smaller")) is None
        True
        >>> mentioned("Option A is wrong.", ("larger", "smaller")) is None
        True
    """
    text = plain(_CONCESSION.sub("", text[:_LONGEST]))
    letters = {
        named
        for letter, span in letters_mentioned(text)
        if (named := by_letter(letter, choices)) is not None and is_claimed(text, *span)
    }
    if letters:
        named = letters.pop()
        return named if not letters and not _contradicted(text, named, choices) else None
    named_by_words = _by_words(text.casefold(), choices)
    return named_by_words[0] if len(named_by_words) == 1 else None


def _by_words(text: str, choices: Sequence[str]) -> list[str]:
    """The choices whose words a text claims, but for those within the words of another."""
    spans: dict[str, list[Span]] = {}
    for choice in choices:
        bare = plain(choice).casefold()
        number = read(bare)
        if not bare or (number is not None and not re.search(r"[a-z:]{2}|:", bare)):
            continue
        spans[choice] = [
            span
            for span in _places(text, bare)
            if is_claimed(text, *span) and _is_meant(text, bare, span)
        ]
    return [
        choice
        for choice, places in spans.items()
        if any(not _is_inside(place, choice, spans) for place in places)
    ]


def _places(text: str, bare: str) -> Iterator[Span]:
    phrase = r"[\s-]{1,3}".join(map(re.escape, bare.replace("-", " ").split()))
    if phrase:
        for match in re.finditer(rf"(?<![\w.'’]){phrase}(?![\w'’]|\.\d|:\d)", text):
            yield match.span()


def _is_meant(text: str, bare: str, span: Span) -> bool:
    """Whether a word is an answer, not a determiner (`no image`), or meant otherwise."""
    if bare in _DETERMINERS and re.match(r"\s?[\w/]", text[span[1] :]):
        return False
    return not (bare == "right" and _OTHER_SENSE.search(text[: span[0]][-12:]))


def _is_inside(place: Span, choice: str, spans: dict[str, list[Span]]) -> bool:
    return any(
        other != choice
        and start <= place[0]
        and place[1] <= end
        and end - start > place[1] - place[0]
        for other, places in spans.items()
        for start, end in places
    )
