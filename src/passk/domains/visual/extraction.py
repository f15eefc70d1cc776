r"""Where a response about an image states its answer.

Tried in this order, the first that finds something decides:

1. the last closed `\boxed{...}`;
2. the last `<answer>...</answer>`;
3. the last sentence that says what the answer is ("the answer to the question is 2", "Answer: 2");
4. without an anchor, and only if that is allowed: the last sentence that concludes (therefore, so,
   in total) and states one number; else the first sentence with a bold number; else the sentence
   with which the response begins, behind greetings; else the one with which it ends.

What is thought (`<think>`) states no answer, nor do blocks of code in prose. A response that only
lists numbers has no answer: see `prose.stated`. Every pattern matches a bounded stretch, so that
time grows in proportion to length; past LONGEST characters, prose is read at both ends alone.
"""

import re
from typing import NamedTuple

from passk.domains.visual.gold import NUMBERS, Gold
from passk.domains.visual.markup import plain
from passk.domains.visual.multiple_choice import chosen, is_labelled, mentioned, several_letters
from passk.domains.visual.sentence_parsing import (
    conclusion,
    has_bold_number,
    is_listed,
    is_pleasantry,
    sentences,
    stated,
    without_code,
)

LONGEST = 20_000
_BRACES = re.compile(r"\\boxed\s{0,3}\{|\\[\\{}]|[{}]")
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_THOUGHT, _THOUGHT_END = "<think>", "</think>"
_NOT = re.compile(r"\b(?:not|never|cannot)\b|n't\b")
_IS_NOT = re.compile(r"\banswers?\b[^\n.]{0,60}?\b(?:is|are|was|were)n't\b", re.IGNORECASE)
_YES_OR_NO = re.compile(r"\W{0,3}(yes|no)\b(?!\s*\w)", re.IGNORECASE)
_REASON = re.compile(r",?\s(?:because|since|as)\s")
_ANSWER = re.compile(
    r"\banswers?\b(?! choices?\b)[^\n]{0,120}?(?:\b(?:is|are|was|be)\b:?|[:=])\s{0,3}(?=\S)",
    re.IGNORECASE,
)
_ANSWER_BELOW = re.compile(
    r"(?:^\W{0,4}|\bthe |\bmy )(?:final |correct )?answer\W{0,4}(?:is)?\W{0,4}$", re.IGNORECASE
)
_LIST = re.compile(r"\[[^\[\]\n]{0,2000}\]|\([^()\n]{0,2000}\)")
_FORMULA = re.compile(r"\$([^$\n]{1,400})\$|\\\(([^\n]{1,400}?)\\\)")
_ALGEBRA = re.compile(r"\\[a-zA-Z]|[√π^]")
_WORDS_OF_AN_ANSWER = 3  # an announced text of more words is no answer to be numbered
_END = re.compile(r"(?<!\d)\.(?:\s|$)|\.(?=\s|$)|[!?](?:\s|$)")


class Answer(NamedTuple):
    """An answer that a response states.

    Attributes:
        text: as it is written.
        closed: nothing that would follow could change it: it stands in a box or in a tag.
    """

    text: str
    closed: bool


def boxed(text: str) -> str | None:
    r"""The content of the box that is closed last; None where none is, or it is empty.

    Example:
        >>> boxed(r"\boxed{1}, so \boxed{\frac{1}{2}} and \boxed{3")
        '\\frac{1}{2}'
    """
    content = _last_box(text)
    inner = _last_box(content) if content and r"\boxed" in content else None
    return inner or content or None


def _last_box(text: str) -> str | None:
    opened: list[int | None] = []  # where a box begins, or None for another brace
    best: tuple[int, int] | None = None
    for match in _BRACES.finditer(text):
        if match[0].startswith(r"\boxed"):
            opened.append(match.end())
        elif match[0] == "{":
            opened.append(None)
        elif match[0] == "}" and opened and (begin := opened.pop()) is not None:
            best = begin, match.start()
    if best is None:
        return None
    return text[slice(*best)].strip()


def tagged(text: str) -> str | None:
    """The content of the last tag that is closed; None where none is, or it is empty.

    Example:
        >>> tagged("<think> 3? </think> <answer> 4 </answer>")
        '4'
    """
    begin, found = None, None
    for match in _TAG.finditer(text):
        if not match[1]:
            begin = match.end()
        elif begin is not None:
            found, begin = text[begin : match.start()].strip(), None
    return found or None


def answer_of(response: str, gold: Gold, *, without_anchor: bool = True) -> Answer | None:
    r"""The answer that a response states; None where there is none.

    Args:
        response: the text.
        gold: tells which kind of answer is looked for; its value is not looked at.
        without_anchor: an answer counts without box, tag or the word `answer`.

    Example:
        >>> number = Gold("?", "integer")
        >>> answer_of(r"3 and 4 make \boxed{7}.", number).text
        '7'
        >>> answer_of("So the perimeter is 2 + 2 + 2 = **6 inches**. 1 or 2?", number).text
        '6'
        >>> answer_of("I see 1, 2, 3.", number) is None
        True
    """
    response = without_thoughts(response)
    for found in (boxed(response), tagged(response)):
        if found is not None:
            return Answer(found, closed=True)
    prose = _prose(response)
    said = sentences(prose)
    if (text := _announced(said, gold)) is None and without_anchor:
        text = _unannounced(said, prose, gold)
    return None if text is None else Answer(text, closed=False)


def without_thoughts(response: str) -> str:
    """What a response says: all behind its last thought, and nothing of one that is not closed.

    Example:
        >>> without_thoughts("<think> 6? </think> It is 7."), without_thoughts("Well <think> 6")
        (' It is 7.', 'Well ')
    """
    return response.rpartition(_THOUGHT_END)[2].partition(_THOUGHT)[0]


def _prose(response: str) -> str:
    """What a response says in words, without code."""
    if len(response) > LONGEST:
        response = f"{response[: LONGEST // 2]}\n{response[-LONGEST // 2 :]}"
    return without_code(response.replace("\r", ""))


def _announced(said: list[str], gold: Gold) -> str | None:
    """What the last sentence states that announces the answer."""
    for place in range(len(said) - 1, -1, -1):
        announced = _announcements(said[place])
        if _denied(said[place]):
            continue
        if not announced:
            following = said[place + 1 : place + 2]
            if re.search(_ANSWER_BELOW, said[place]) and following:
                announced_text = following[0]
            else:
                continue
        else:
            announced_text = said[place][announced[-1].end() :]
        if text := _object(announced_text, gold):
            return text
    return None


def _announcements(sentence: str) -> list[re.Match[str]]:
    """Where a sentence says what the answer is, and not what it is not."""
    return [
        one
        for one in _ANSWER.finditer(sentence)
        if not (_NOT.search(one[0]) or _NOT.match(sentence, one.end()))
    ]


def _denied(sentence: str) -> bool:
    """Whether a sentence only says what the answer is not."""
    spoken = _ANSWER.search(sentence) or _IS_NOT.search(sentence)
    return spoken is not None and not _announcements(sentence)


def _object(text: str, gold: Gold) -> str | None:
    """The answer at the beginning of what follows `answer is`."""
    if gold.choices:
        head = _END.split(text, maxsplit=1)[0]
        said = chosen(head.strip("* "), gold.choices) or mentioned(head, gold.choices)
        number = stated(f"is {head}") if said is None else None
        return said or (number and chosen(number, gold.choices))
    if gold.kind == "list" and (listed := _LIST.search(text)):
        return listed[0]
    head = _END.split(text, maxsplit=1)[0].strip()
    if formula := _FORMULA.search(head):
        inside = formula[1] or formula[2]
        if _ALGEBRA.search(inside):
            return inside.strip()
    if gold.kind in NUMBERS and not _ALGEBRA.search(head):
        number = stated(f"is {head}")  # what stands behind that verb
        if number or len(head.split()) > _WORDS_OF_AN_ANSWER:
            return number
    if gold.kind == "text":
        if clear := _YES_OR_NO.match(head):
            return clear[1]
        head = _REASON.split(head, maxsplit=1)[0]
    return head.strip("* ") or None


def _unannounced(said: list[str], prose: str, gold: Gold) -> str | None:
    """What a response concludes, opens or ends with."""
    if gold.kind == "list" and not gold.choices:
        listed = [one for one in _LIST.findall(prose) if re.search(r"\d.*[,;].*\d", one)]
        return listed[0] if len(set(listed)) == 1 else None
    told = [one for one in said if not (is_pleasantry(one) or _denied(one))]
    if gold.kind == "text" and not gold.choices:
        opening = _YES_OR_NO.match(told[0]) if told else None
        return opening[1] if opening else None
    strong = [found for one in reversed(told) if (found := conclusion(one))]
    mild = [found for one in reversed(told) if (found := conclusion(one, mild=True))]
    bold = [one for one in told if has_bold_number(one)]
    edges = [one for one in (*told[:1], *told[-1:]) if not is_listed(one)]
    if gold.choices:
        bold = [one for one in told if "**" in one]
        offered = several_letters(prose) or sum(map(is_labelled, told)) > 1
        edges = [] if offered else edges
    for sentence in (*strong, *bold, *mild, *edges):
        if found := _stated(sentence, gold):
            return found
    return None


def _stated(sentence: str, gold: Gold) -> str | None:
    if gold.choices and (found := chosen(sentence.strip("* "), gold.choices)):
        return found
    if gold.choices and (found := mentioned(sentence, gold.choices)):
        return found
    if gold.choices or gold.kind in NUMBERS:
        return stated(sentence)
    formula = _FORMULA.findall(sentence)
    if gold.kind == "expression":
        return plain(formula[-1][0] or formula[-1][1]) if formula else stated(sentence)
    return None
