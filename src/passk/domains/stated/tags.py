"""Answers in tags: `<answer>...</answer>`, and other spellings of the name.

Example:
    >>> [tag.text for tag in tags("<answer> 4 </answer>, I mean <ANSWER>5</ANSWER>")]
    ['4', '5']
    >>> tags("<answer> 4")[0].closed
    False
"""

import re
from collections.abc import Sequence

from passk.domains.stated.statement import TAG, Span, Statement, single, within

_TAG = re.compile(r"<(?P<end>/?)(?:final[_ ]?)?(?:answer|conclusion)\s?>", re.IGNORECASE)


def tags(
    text: str, start: int = 0, end: int | None = None, own: Sequence[Span] = ()
) -> list[Statement]:
    """The tags of a text in order; the last may be unclosed. Empty ones are left out.

    Args:
        text: the response.
        start: of the part that is read.
        end: of that part; None: of the text.
        own: spans in which tags are the text's own: programs that mention them.
    """
    return _scan(text, start, len(text) if end is None else end, own)[0]


def leaves_open(text: str, start: int, end: int, own: Sequence[Span] = ()) -> bool:
    """Whether a part of a text ends within a tag, an empty one too.

    Example:
        >>> text = "<answer>4</answer>, I mean <answer>"
        >>> leaves_open(text, 0, len(text))
        True
    """
    return _scan(text, start, end, own)[1]


def _scan(text: str, start: int, end: int, own: Sequence[Span]) -> tuple[list[Statement], bool]:
    """The tags of a part of a text, and whether it leaves one open."""
    statements: list[Statement] = []
    opening: re.Match[str] | None = None
    if "<" not in text:
        return statements, False
    for mark in _TAG.finditer(text, start, end):
        if within(mark.start(), own):
            continue
        if not mark["end"]:
            opening = mark
        elif opening is not None:
            _add(statements, text, opening, (mark.start(), mark.end()))
            opening = None
    if opening is not None:
        _add(statements, text, opening, (end, end))
    return statements, opening is not None


def _add(
    statements: list[Statement], text: str, opening: re.Match[str], closing: tuple[int, int]
) -> None:
    content = text[opening.end() : closing[0]].strip()
    if content:
        closed = closing[0] < closing[1]
        span = opening.start(), closing[1]
        statements.append(single(content, TAG, closed=closed, span=span))
