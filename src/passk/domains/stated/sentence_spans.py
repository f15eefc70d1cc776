"""Sentences and lines of a text, by where they stand."""

import re
from collections.abc import Iterator

from passk.domains.stated.statement import Span

# Begins with one set of characters, which is searched for fast.
_END = re.compile(r"[\n.!?。！？](?:(?<=\n)\n*|(?<=[.!?])[ \t]+(?=[A-Z*$\\(\"'])|(?<=[。！？]))")
_NUMBERING = re.compile(r"\s{0,4}\d{1,3}[.)]\s?")  # of a list's item: no sentence by itself


def sentence_spans(text: str, start: int, end: int) -> Iterator[Span]:
    """Spans of the sentences of a part of a text; none is empty.

    Example:
        >>> text = "It is 5. Is it?"
        >>> [text[slice(*span)] for span in sentence_spans(text, 0, len(text))]
        ['It is 5.', 'Is it?']
    """
    begin = start
    for mark in _END.finditer(text, start, end):
        stop = mark.start() + (text[mark.start()] != "\n")
        if _NUMBERING.fullmatch(text, begin, stop):
            continue
        if not text[begin:stop].isspace() and begin < stop:
            yield begin, stop
        begin = mark.end()
    if text[begin:end].strip():
        yield begin, end
