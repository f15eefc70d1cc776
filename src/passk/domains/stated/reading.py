r"""Which answer a response states.

The rule, for all domains:

1. Only what is said counts: no thoughts, nothing behind the end of the turn (`thoughts`).
2. Of closed boxes and closed tags the last decides; boxes that only commas part are one answer.
   An answer that is announced behind it decides instead, if it looks like a value, or is of the
   type that is looked for. Where nothing is closed, a box or tag that the end leaves open decides.
   While one is open at the end, no answer is closed for good: a response that was cut there is
   unknown, whatever an earlier box holds.
3. Without boxes and tags, the last announcement in words decides.
4. What is denied, asked, supposed, or reported of others is not stated; what is taken back is not
   stated any more, and the response is read from there on.
5. A sentence within a box or tag states what it announces (`\boxed{The answer is 2.}`).

A closed box is the answer, whether or not it can be read: nothing before it, and no other number
of the response, stands in for it. What a response without any statement means is for its domain.

Time grows in proportion to length: a text without marks is searched for them and no more, words
are looked at within `announcements.LONGEST` characters of either end, and every pattern is bounded.

Example:
    >>> statement(r"The ratio is \boxed{3/4}, so the answer is D.").text
    'D'
    >>> statement("<think>\\boxed{4}?</think> It follows that \\boxed{5}.").text
    '5'
    >>> statement("The answer is not 17.") is None
    True
"""

import re
from collections.abc import Callable, Sequence

from passk.domains.stated import boxes, tags
from passk.domains.stated.announcements import LONGEST, announcements
from passk.domains.stated.boxes import has_box, last_box
from passk.domains.stated.denials import is_admission, is_question, may_withdraw, withdrawal
from passk.domains.stated.sentence_spans import sentence_spans
from passk.domains.stated.statement import ANNOUNCED, BOX, Reading, Span, Statement, single
from passk.domains.stated.thoughts import said

Accepts = Callable[[str], bool]

_VALUE = re.compile(
    r"[\s*$\\(\[{\"'“`]{0,6}(?:[-+−–]?\s?\.?\d|[A-Z](?![\w'’])|(?:frac|sqrt|pi|text)\b|"
    r"(?:yes|no|true|false|negative|minus|zero|one|two|three|four|five|six|seven|eight|nine|"
    r"ten)\b)",
    re.IGNORECASE,
)
_SMALL_WORD = re.compile(r"[\s*$]{0,6}[ai]\s", re.IGNORECASE)  # an article, or `I`
_DENIED_BOX = re.compile(
    r"(?:\b(?:not|never)|n['’]t|不是)\s{0,2}(?:be |equal to |equals? )?[\s$*({\\]{0,6}$",
    re.IGNORECASE,
)
_WRONG_BOX = re.compile(
    r"[\s$*)\\.]{0,6}\s(?:is|was|would be|seems) (?:wrong|incorrect|not|clearly wrong)\b",
    re.IGNORECASE,
)
_WRAPPED = re.compile(r"\\(?:text|textbf|mbox|mathrm)\s?\{([^{}]{1,400})\}")
_LONGEST_INNER = 4000  # characters of a box or tag that is read as a sentence
# Behind the withdrawal of a box: a value, or a sentence that says what it is.
_RESTATES = re.compile(
    r"[\s*$\\(]{0,6}(?:[-+−–]?\s?\.?\d|(?:frac|sqrt|pi)\b|"
    r"(?:(?:it|that|this|there|the (?!problem|question)\w+(?: \w+)?) "
    r"(?:is|are|was|were|should be|must be|equals)|there['’]s|it['’]s|i (?:get|count|see))\b)",
    re.IGNORECASE,
)
_LONGEST_INSTEAD = 100
_MOST_ADMISSIONS = 3  # sentences that admit a mistake behind a box, from the end
_BEFORE, _BEHIND = 32, 64


def is_value(text: str) -> bool:
    r"""Whether a text begins like a value: a number, a formula, a letter of a choice, yes or no.

    Example:
        >>> is_value("5 apples"), is_value(r"$\frac{1}{2}$"), is_value("reasonable")
        (True, True, False)
    """
    return _VALUE.match(text) is not None and _SMALL_WORD.match(text) is None


def read(response: str, accepts: Accepts = is_value, own: Sequence[Span] = ()) -> Reading:
    """What a response states, by the rule above.

    Args:
        response: the text.
        accepts: whether an announcement that follows a box or tag may be the answer.
        own: spans in which marks are the text's own: programs that mention them.
    """
    start, end = said(response, own)
    marked = _marked(response, start, end, own)
    if marked is not None and (goes_on := _replaced(response, marked.end, end)) is not None:
        return _restated(response, goes_on, end)
    if marked is None:
        return _read_words(response, start, end)
    behind = [
        statement
        for statement in announcements(response, marked.end, end, behind_box=True).statements
        if accepts(statement.text)
    ]
    return Reading((*behind[:1], _inner(marked)), start, end)


def _read_words(text: str, start: int, end: int) -> Reading:
    """What is stated without box and tag."""
    announced = announcements(text, start, end)
    goes_on = announced.withdrawn
    if goes_on is None and not announced.statements:
        goes_on = _taken_back(text, start, end)
    if goes_on is None or announced.statements:
        return Reading(announced.statements, start if goes_on is None else goes_on, end)
    return Reading(_instead(text, goes_on, end), goes_on, end)


def _restated(text: str, start: int, end: int) -> Reading:
    """What is stated behind the withdrawal of a box: in words, or as a value by itself."""
    reading = _read_words(text, start, end)
    if reading.statements:
        return reading
    statements = _instead(text, start, end)
    restates = statements and _RESTATES.match(statements[0].text)
    return reading._replace(statements=statements if restates else ())


def _instead(text: str, start: int, end: int) -> tuple[Statement, ...]:
    """What follows directly on a withdrawal: `there are 7`."""
    span = next(sentence_spans(text, start, end), None)
    if span is None or span[1] - span[0] > _LONGEST_INSTEAD or is_question(text[slice(*span)]):
        return ()
    content = text[slice(*span)].strip().rstrip(".")
    if not (is_value(content) or re.search(r"\d", content)):
        return ()
    return (single(content, ANNOUNCED, closed=False, span=span),)


def statement(response: str, accepts: Accepts = is_value) -> Statement | None:
    """The statement that decides; None where a response states nothing by box, tag or words."""
    statements = read(response, accepts).statements
    return statements[0] if statements else None


def _marked(text: str, start: int, end: int, own: Sequence[Span]) -> Statement | None:
    """The box or tag that decides."""
    candidates = tags.tags(text, start, end, own)
    closed = [tag for tag in candidates if tag.closed][-1:]
    if has_box(text):
        box = last_box(text, start, end)
        if box is not None and not _is_denied(text, box):
            closed.append(box)
        elif box is None:
            candidates += [box for box in boxes.boxes(text, start, end) if not box.closed]
    marked = max(closed or candidates[-1:], key=lambda statement: statement.end, default=None)
    if marked is None or not marked.closed:
        return marked
    # Of a box `last_box` has looked for open boxes.
    left_open = marked.kind != BOX and boxes.leaves_open(text, marked.end, end)
    return marked._replace(closed=not (left_open or tags.leaves_open(text, start, end, own)))


def _is_denied(text: str, box: Statement) -> bool:
    before, behind = text[max(0, box.start - _BEFORE) : box.start], text[box.end :][:_BEHIND]
    return bool(_DENIED_BOX.search(before) or _WRONG_BOX.match(behind))


def _taken_back(text: str, start: int, end: int) -> int | None:
    """Where a text goes on behind the last sentence that takes back what stands before it."""
    goes_on, begin = None, max(start, end - LONGEST)
    if not may_withdraw(text, begin, end):
        return None
    for low, high in sentence_spans(text, begin, end):
        if low > start and (offset := withdrawal(text[low:high])) is not None:
            goes_on = low + offset
    return goes_on


def _replaced(text: str, start: int, end: int) -> int | None:
    """Where a text goes on behind the last sentence that takes back the box or tag before it.

    A mistake that is only admitted takes nothing back: a new value must follow.
    """
    begin = max(start, end - LONGEST)
    if not may_withdraw(text, begin, end):
        return None
    tried = 0
    for low, high in reversed(list(sentence_spans(text, begin, end))):
        sentence = text[low:high]
        if (offset := withdrawal(sentence)) is None:
            continue
        if not is_admission(sentence) or _restated(text, low + offset, end).statements:
            return low + offset
        tried += 1
        if tried == _MOST_ADMISSIONS:
            break
    return None


def _inner(marked: Statement) -> Statement:
    """What stands in a box or tag, or what a box or sentence in it states."""
    content = marked.text
    if len(marked.parts) > 1 or len(content) > _LONGEST_INNER:
        return marked
    if marked.kind != BOX and (box := last_box(content)) is not None:
        content = box.text
    if wrapped := _WRAPPED.fullmatch(content.strip("$ ")):
        content = wrapped[1]
    announced = announcements(content).statements
    if announced and announced[0].kind == ANNOUNCED:
        content = announced[0].text
    elif wrapped:
        return marked if marked.kind == BOX else marked._replace(text=content, parts=(content,))
    return marked._replace(text=content, parts=(content,))
