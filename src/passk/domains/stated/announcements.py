r"""Answers that a response announces in words: "the answer is 5", "B is correct", 答案是5.

Example:
    >>> text = "The answer isn't 4; it is 5. **Final Answer**\n\n6"
    >>> [statement.text for statement in announcements(text).statements]
    ['6', '5']
    >>> text = "Is the answer 5? A common wrong answer is 5. If the answer is 5, stop."
    >>> announcements(text).statements
    ()
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from passk.domains.stated.asides import is_aside, is_hypothetical
from passk.domains.stated.denials import (
    affirmed,
    alternative,
    is_denial,
    is_question,
    is_unclaimed,
    withdrawal,
)
from passk.domains.stated.sentence_spans import sentence_spans
from passk.domains.stated.statement import ANNOUNCED, Span, Statement, single

LONGEST = 10_000  # characters at either end of a response in which words are looked at
MOST = 8  # announcements that are read, from the end
_TRIED = 32  # sentences that may announce something, from the end
_TRIED_WITHIN = 6  # introductions of a kind in one sentence, from the end
_LONGEST_SENTENCE = 1000  # characters of a sentence that are read, around its last trigger
_BEFORE_TRIGGER = 200

# One of these stands in every announcement, in whatever case people write it.
_TRIGGERS = ("nswer", "NSWER", "Ans", "orrect", "ORRECT", "ight ", "best ", "inal ", "my ", "My ",
             "答", "选", "结果")  # fmt: skip
_NOUN = (
    r"\banswers?\b(?! choices?\b)|\bans\b\.?(?=\s?[:=])|"
    r"\b(?:correct|right|best|final|proper|my)(?: final| correct)? "
    r"(?:choice|option|one|result|solution|response)\b"
)
_IS = (
    r"(?:is|are|was|were|be|equals?|would be|should be|must be|comes (?:out )?to)\b"
    r"(?:[:：]|(?![:：]))|[:=：]"
)
_INTRODUCTION = re.compile(
    rf"(?P<noun>{_NOUN})(?P<about>[^\n]{{0,120}}?)(?P<verb>\b{_IS}|(?:is|are|was|were|ca|can|"
    rf"could)n['’]?t\b)\s{{0,3}}(?=\S)",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?:^\W{0,6}|\b(?:the|my) )(?P<noun>(?:final |correct )?answer)(?:\s[-–—]\s|[\s:*=#`]{1,6})"
    r"(?<!\()(?=[(\d$\\-]|[A-Z]\W{0,4}$)",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?P<noun>答案|结果|正确选项)(?P<about>[^\n，。,；]{0,12}?)(?P<verb>应该?是|[:：是为选])[:：]?\s{0,3}(?=\S)"
)
# `选` alone chooses things, too (从5人中选3人): it needs a letter, or a conclusion before it.
_CHINESE_CHOICE = re.compile(
    r"(?<![回解应不])(?P<noun>答|(?:故|应|所以|因此|本题)[，,]?(?:应|答案)?选(?:项[为是])?择?)"
    r"\s?[:：]?\s{0,3}(?=[A-Z(（\d$\\-])"
    r"|(?P<choice>(?<!不)选)择?\s?[:：]?\s{0,3}(?=[(（]?[A-Z](?:(?![\w=+*/^-])|因为|项|，))"
    r"|(?P<heading>【(?:正确|参考)?答案】)\s?[:：]?\s{0,3}(?=\S)"
)
# The answer stands below: `## Answer`, `**Final Answer**`, `The final answer is:`.
_BELOW = re.compile(
    r"(?:^\W{0,6}|\b(?:the|my) )(?:final |correct )?answers?\W{0,4}(?:is|are)?\W{0,6}$"
    r"|(?:答案|答)(?:是|为)?\s?[:：]\W{0,4}$",
    re.IGNORECASE,
)
_PREDICATE = re.compile(
    r"\s(?:is|are|must be|seems|looks|seems to be|appears to be|is thus|is therefore|is indeed)\s"
    r"(?:(?:the|my) )?(?:final |correct |right |best )?"
    r"(?:answer|correct|right|choice|option)\b(?:\s(?:answer|option|choice|one|solution))?"
    r"(?=\W{0,4}$|[.!,;]|\s(?:because|since|as|and)\b)",
    re.IGNORECASE,
)
# Subjects that name no answer: `I hope it is correct`, `this answer is right`.
_PRONOUN = re.compile(
    r"\b(?:it|this|that|these|those|they|he|she|you|we|which|what|who|everything|answers?|work|"
    r"reasoning|calculation|solution|result|statement|one)$",
    re.IGNORECASE,
)
_LONGEST_SUBJECT = 60
_CLAUSE = re.compile(r"[,;:\n]\s?")
_CHINESE_SUBJECT = re.compile(r"(?P<text>选项\s?[(（]?[A-Z][)）]?)\s?(?:是)?正确")
_LEAD = re.compile(
    r"^(?:so|thus|hence|therefore|then|and|but|i (?:think|believe|say)|clearly|this means|that)\b"
    r",?\s{0,3}(?:that )?",
    re.IGNORECASE,
)
_BECAUSE = re.compile(r"\b(?:since|because)\b", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:not|never|cannot)\b|n['’]?t\b|不", re.IGNORECASE)
_END_OF_HEAD = re.compile(  # not at a factorial within a formula, nor at a thin space
    r"(?<!\d)\.(?:\s|$)|\.(?=\s|$)|\?(?:\s|$)|(?<!\\)!(?:\s(?!\s?[=+*/^×÷·<>-]|\\(?:cdot|times|div)\b)|$)|"
    r"[。！？]|\n"
)
_JSON, _END_OF_VALUE = re.compile(r"answer\"\s?:\s{0,3}$", re.IGNORECASE), re.compile(r"[,}]")
_ELLIPSIS = re.compile(r"\.{2,}|…")


class Announcements(NamedTuple):
    """What is announced in a text.

    Attributes:
        statements: the last first; at most MOST.
        withdrawn: where a text goes on that takes back all announced before; None: nowhere.
    """

    statements: tuple[Statement, ...]
    withdrawn: int | None


def announcements(
    text: str, start: int = 0, end: int | None = None, *, behind_box: bool = False
) -> Announcements:
    """What the sentences of a text announce as the answer.

    Args:
        text: the response.
        start: of the part that is read.
        end: of that part; None: of the text.
        behind_box: a box stands before the part, and asides do not replace it.
    """
    end = len(text) if end is None else end
    for window in _windows(start, end):
        announced = _read_window(text, window, behind_box)
        if announced.statements or announced.withdrawn is not None:
            return announced
    return Announcements((), None)


def _read_window(text: str, window: Span, behind_box: bool) -> Announcements:
    statements: list[Statement] = []
    if not (places := _places(text, window)):
        return Announcements((), None)
    spans = list(sentence_spans(text, *window))
    begins = [span[0] for span in spans]
    last = {bisect_right(begins, place) - 1: place for place in places}  # trigger of a sentence
    for index in sorted(last, reverse=True)[:_TRIED]:
        sentence = _cut(spans[index], last[index])
        span = _announced(text, sentence, spans[index + 1 : index + 2])
        if span is None or (behind_box and is_aside(*_parted(text, sentence, span))):
            continue
        following = next((one for one in spans[index + 1 : index + 3] if one[0] >= span[1]), None)
        if (withdrawn := _withdrawn(text, following)) is not None:
            return Announcements(tuple(statements), withdrawn)
        if (statement := _statement(text, span, following)) is not None:
            statements.append(statement)
        if len(statements) == MOST:
            break
    return Announcements(tuple(statements), None)


def _places(text: str, window: Span) -> list[int]:
    """Where words stand that every announcement has one of."""
    places = []
    for trigger in _TRIGGERS:
        place = text.find(trigger, *window)
        while place >= 0:
            places.append(place)
            place = text.find(trigger, place + 1, window[1])
    return sorted(places)


def _cut(span: Span, trigger: int) -> Span:
    """What is read of a sentence: all, or, if it is very long, what is around its last trigger."""
    begin = max(span[0], min(span[1] - _LONGEST_SENTENCE, trigger - _BEFORE_TRIGGER))
    return begin, min(span[1], begin + _LONGEST_SENTENCE)


def _parted(text: str, sentence: Span, span: Span) -> tuple[str, str]:
    """What stands before and behind the place where a sentence's announced answer begins.

    Of a subject (`B is correct`) all stands before it that may suppose something.
    """
    return text[sentence[0] : max(sentence[0], span[0])], text[span[0] : span[1]]


def _windows(start: int, end: int) -> Iterator[Span]:
    """Both ends of a long text, the last first."""
    if end - start <= 2 * LONGEST:
        yield start, end
    else:
        yield end - LONGEST, end
        yield start, start + LONGEST


def _announced(text: str, span: Span, following: list[Span]) -> Span | None:
    """Where a sentence, or the line below it, has what it announces."""
    sentence = text[slice(*span)]
    if is_question(sentence):
        return None
    if (place := _object(sentence)) is not None:
        return span[0] + place[0], span[0] + place[1]
    if following and (below := _BELOW.search(sentence)):
        if is_unclaimed(sentence[: below.start()]):
            return None
        return following[0][0], min(following[0][1], following[0][0] + _LONGEST_SENTENCE)
    return None


def _withdrawn(text: str, following: Span | None) -> int | None:
    """Where the sentence behind an announcement goes on, if it takes that back."""
    if following is None:
        return None
    goes_on = withdrawal(text[slice(*following)], reply=True)
    return None if goes_on is None else following[0] + goes_on


def _statement(text: str, span: Span, following: Span | None) -> Statement | None:
    """The statement of what is announced, and of the alternative that the next sentence names."""
    quotes = '"' if _JSON.search(text[max(0, span[0] - 16) : span[0]]) else ""
    head = _ELLIPSIS.sub(lambda dots: "," * len(dots[0]), text[slice(*span)])
    head = _END_OF_HEAD.split(head, maxsplit=1)[0]
    if quotes:
        head = _END_OF_VALUE.split(head, maxsplit=1)[0]
    if following is not None and alternative(text[slice(*following)]):
        head = text[span[0] : min(following[1], span[1] + _LONGEST_SENTENCE)]
    if (holding := affirmed(head)) is None:
        return None
    begin, stop = span[0] + holding[0], span[0] + holding[1]
    content = text[begin:stop].strip().strip("*" + quotes).strip()
    return single(content, ANNOUNCED, closed=False, span=(begin, stop)) if content else None


def _object(sentence: str) -> Span | None:
    """Where a sentence names the answer that it announces."""
    place: Span | None = None
    for pattern in (_INTRODUCTION, _CHINESE, _CHINESE_CHOICE, _BARE):
        for match in list(pattern.finditer(sentence))[-_TRIED_WITHIN:]:
            if place is None or match.end() > place[0]:
                place = _claimed(sentence, match) or place
    return place or _subject(sentence)


def _claimed(sentence: str, match: re.Match[str]) -> Span | None:
    """What follows an introduction, or holds instead of what it denies; None: it claims nothing."""
    if _BECAUSE.search(match.groupdict().get("about") or ""):
        return None  # `B is the right answer since A is too small`
    if is_unclaimed(sentence[: match.start()]) or is_hypothetical(
        sentence[: match.end()], sentence[match.end() :]
    ):
        return None
    groups = match.groupdict()
    denied = _NEGATION.search(f"{groups.get('about') or ''} {groups.get('verb') or ''}") is not None
    holding = affirmed(sentence[match.end() :], denied=denied)
    return None if holding is None else (match.end() + holding[0], len(sentence))


def _subject(sentence: str) -> Span | None:
    """Where a sentence says of something that it is the answer."""
    subjects = [match.span("text") for match in _CHINESE_SUBJECT.finditer(sentence)]
    for predicate in _PREDICATE.finditer(sentence):
        begin = max(0, predicate.start() - _LONGEST_SUBJECT)
        clauses = [mark.end() for mark in _CLAUSE.finditer(sentence, begin, predicate.start())]
        begin = clauses[-1] if clauses else begin
        lead = _LEAD.match(sentence[begin : predicate.start()])
        subjects.append((begin + (lead.end() if lead else 0), predicate.start()))
    for begin, end in reversed(subjects):
        subject = sentence[begin:end]
        if _PRONOUN.search(subject):
            continue
        if subject and not (
            is_unclaimed(sentence[:begin]) or is_unclaimed(subject) or is_denial(subject)
        ):
            return begin, end
    return None
