"""What is read of a response: its statements of an answer."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

BOX, TAG, ANNOUNCED = "box", "tag", "announced"

Span = tuple[int, int]


class Statement(NamedTuple):
    """An answer that a response states.

    Attributes:
        text: as it is written, without what announces it; of several boxes in a row, their
            contents joined by `, `.
        kind: BOX, TAG or ANNOUNCED.
        closed: nothing that would follow could change it: it stands in a closed box or tag.
        start, end: where box, tag or announced text stand in the response.
        parts: the contents of several boxes in a row; else the text alone.
    """

    text: str
    kind: str
    closed: bool
    start: int
    end: int
    parts: tuple[str, ...]


class Reading(NamedTuple):
    """A response as it is read.

    Attributes:
        statements: in the order of decision: the first decides. Only where the first is announced
            in words, and is no answer of the type that is looked for, may the next count.
        start, end: the part of the response that counts: outside of thoughts, behind what was
            withdrawn last.
    """

    statements: tuple[Statement, ...]
    start: int
    end: int


def within(position: int, spans: Iterable[Span]) -> bool:
    """Whether a position lies in one of the spans [start, end)."""
    return any(start <= position < end for start, end in spans)


def single(text: str, kind: str, *, closed: bool, span: Sequence[int]) -> Statement:
    """A statement of one part."""
    return Statement(text, kind, closed, span[0], span[1], (text,))
