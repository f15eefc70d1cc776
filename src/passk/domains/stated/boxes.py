r"""Answers in boxes: `\boxed{...}`, `\boxed {...}`, `\fbox{...}`, `\boxed 5`, and damaged ones.

Boxes that only commas or the words `and` and `or` part are one answer of several parts. A box
within a box is what the outer one holds. Escaped braces close nothing.

No box is closed for good while one is open at the text's end: `\boxed{3}, or \boxed{` was going to
say something else, or the same once more. `\boxed` without a brace, and an empty box as the very
last thing, count as open.

Example:
    >>> boxes(r"\boxed{1}, so \boxed{\frac{1}{2}} and \boxed{3")[-2].text
    '\\frac{1}{2}'
    >>> last_box(r"The roots are $\boxed{3}$ and $\boxed{5}$.").parts
    ('3', '5')
    >>> last_box(r"Write it into \boxed . Or \boxed{}.") is None
    True
    >>> boxes(r"It is \boxed 65")[-1].closed, boxes(r"It is \boxed 65.")[-1].closed
    (False, True)
    >>> [last_box(rf"\boxed{{3}}. So {end}").closed for end in ("it is", r"\boxed{", r"\boxed{}")]
    [True, False, False]
"""

import re

from passk.domains.stated.statement import BOX, Statement, single

_BRACE = re.compile(
    r"(?P<box>(?:\\{1,2}(?:boxed|fbox|framebox)|\x08oxed|(?<![\\a-zA-Z])boxed)\s{0,3}\{)"
    r"|\\{1,2}boxed(?:\s{0,3}(?P<bare>[-+−]?\d[\d.,]{0,40}(?<![.,])|[A-Z](?!\w))|"
    r"\((?P<round>[^()\n]{1,80})\))"
    r"|<\|begin_of_box\|>(?P<token>.{0,400}?)<\|end_of_box\|>"
    r"|\\[\\{}]|[{}]",
    re.DOTALL,
)
_HINTS = ("oxed", r"\fbox", r"\framebox", "<|begin_of_box")
# Between two boxes of one answer.
_JOINT = re.compile(
    r"[\s$*)\]\\]{0,8}(?:(?:,|;|、|，|&|\band\b|\bor\b|和|与|或)[\s,]{0,3}){1,2}"
    r"[\s$*(\[\\]{0,8}(?:[a-zA-Z]\w?\s?=\s?)?[\s$]{0,3}"
)
_LONGEST_JOINT = 40
# At a text's end, a box that no brace leaves open: just begun, with its other marks, or empty.
_BEGUN = re.compile(
    r"(?:\\(?:box|boxe|boxed|fbox|framebox)|(?<![\\a-zA-Z])boxed)\s{0,3}(?:\{\s{0,3}\}[\s$*.)\]\\]{0,8})?\Z"
    r"|\\boxed\s{0,3}(?:[-+−]|\([^()\n]{0,80})\Z"
    r"|<\|begin_of_box\|>(?:(?!<\|end_of_box).){0,400}\Z",
    re.DOTALL,
)
_LONGEST_BEGUN = 450


def has_box(text: str) -> bool:
    """Whether anything in a text looks like a box; cheap."""
    return any(hint in text for hint in _HINTS)


def boxes(text: str, start: int = 0, end: int | None = None) -> list[Statement]:
    """The boxes of a text in the order of their ends, without those in others and empty ones.

    The last may be unclosed: a box that the text's end leaves open.

    Args:
        text: the response.
        start: of the part that is read.
        end: of that part; None: of the text.
    """
    return _scan(text, start, len(text) if end is None else end)[0]


def leaves_open(text: str, start: int = 0, end: int | None = None) -> bool:
    r"""Whether a part of a text ends within a box, or with an empty one.

    Example:
        >>> leaves_open(r"\boxed{3} or \boxed{4"), leaves_open(r"\boxed{3} or \boxed{4}")
        (True, False)
    """
    return _scan(text, start, len(text) if end is None else end)[1]


def _scan(text: str, start: int, end: int) -> tuple[list[Statement], bool]:
    """The boxes of a part of a text, and whether it leaves one open."""
    begun = _BEGUN.search(text, max(start, end - _LONGEST_BEGUN), end) is not None
    first = min((at for hint in _HINTS if (at := text.find(hint, start, end)) >= 0), default=-1)
    if first < 0:
        return [], begun
    closed: list[Statement] = []
    opened: list[tuple[int, int] | None] = []  # start of a box and of its content; else None
    for mark in _BRACE.finditer(text, max(start, first - 4), end):
        content = mark["bare"] or mark["round"] or mark["token"]
        if mark["box"]:
            opened.append((mark.start(), mark.end()))
        elif content:
            # without braces a value at the text's very end may have been cut within
            whole = not mark["bare"] or mark.end() < end
            closed.append(single(content.strip(), BOX, closed=whole, span=mark.span()))
        elif mark[0] == "{":
            opened.append(None)
        elif mark[0] == "}" and opened and (begin := opened.pop()) is not None:
            _close(closed, text, begin, mark.start())
    if open_boxes := [begin for begin in opened if begin is not None]:
        _leave_open(closed, text, open_boxes[-1], end)
    return closed, bool(open_boxes) or begun or any(not box.closed for box in closed[-1:])


def _close(closed: list[Statement], text: str, begin: tuple[int, int], end: int) -> None:
    """Add a box; of boxes within it the last is what it holds, and the others go."""
    inner = closed[-1] if closed and closed[-1].start >= begin[0] else None
    content = inner.text if inner else text[begin[1] : end].strip()
    while closed and closed[-1].start >= begin[0]:
        closed.pop()
    if content:
        closed.append(single(content, BOX, closed=True, span=(begin[0], end + 1)))


def _leave_open(closed: list[Statement], text: str, begin: tuple[int, int], end: int) -> None:
    content = text[begin[1] : end].partition("\n")[0].strip(" $.")
    if content and (not closed or closed[-1].end <= begin[0]):
        closed.append(single(content, BOX, closed=False, span=(begin[0], end)))


def last_box(text: str, start: int = 0, end: int | None = None) -> Statement | None:
    """The closed box that ends last, with those in a row before it; None where none is.

    It is not closed for good where the text leaves a box open: it was being replaced.
    """
    every, left_open = _scan(text, start, len(text) if end is None else end)
    row: list[Statement] = []
    for box in reversed([box for box in every if box.closed]):
        if row:
            between = text[box.end : row[0].start]
            if len(between) > _LONGEST_JOINT or not _JOINT.fullmatch(between):
                break
        row.insert(0, box)
    if not row:
        return None
    parts = tuple(dict.fromkeys(box.text for box in row))
    return Statement(", ".join(parts), BOX, not left_open, row[0].start, row[-1].end, parts)
