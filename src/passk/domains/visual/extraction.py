r"""Where a response about an image states its answer.

What is stated in a box, a tag or by announcement is read by the rule of all domains
(`passk.domains.stated.reading`); of it, what is an answer of the reference's type. Without such a
statement, and only if that is allowed: the last sentence that concludes (therefore, so, in total)
and states one number; else the first sentence with a bold number; else the sentence with which the
response begins, behind greetings; else the one with which it ends.

Blocks of code in prose state nothing, nor do sentences that deny, ask or suppose, and those that
refuse to answer. A response that only lists numbers has no answer: see `sentence_parsing.stated`.
Every pattern matches a bounded stretch, so that time grows in proportion to length; past LONGEST
characters, prose is read at both ends alone.
"""

import re
from typing import NamedTuple

from passk.domains.stated.denials import affirmed, is_claimed, is_question
from passk.domains.stated.reading import is_value, read
from passk.domains.stated.statement import ANNOUNCED, Statement
from passk.domains.visual.announced_objects import object_of
from passk.domains.visual.choice_mentions import is_labelled, mentioned, several_letters
from passk.domains.visual.comparison import elements
from passk.domains.visual.formulas import formula
from passk.domains.visual.gold import NUMBERS, Gold
from passk.domains.visual.markup import plain, typed
from passk.domains.visual.multiple_choice import chosen
from passk.domains.visual.quantities import read as read_number
from passk.domains.visual.refusals import refuses
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
_YES_OR_NO = re.compile(r"\W{0,3}(yes|no|true|false)\b(?!\s*[/\w])", re.IGNORECASE)
_ANY_YES_OR_NO = re.compile(r"\b(?:yes|no|true|false)\b", re.IGNORECASE)
_LIST = re.compile(r"\[[^\[\]\n]{0,2000}\]|\([^()\n]{0,2000}\)|\{[^{}\n]{0,2000}\}")
# A sentence that ends with the numbers that something is: `The missing values are 3 and 8.`
_ENDS_WITH_LIST = re.compile(
    r"(?:\b(?:are|were|is|as)|[:=])\s{1,3}(?P<list>(?:-?\d[\d.]{0,20}(?:,? and |, ?)){1,12}"
    r"-?\d[\d.]{0,20}(?<!\.))(?:,? respectively|,? in (?:this |that )?order)?[\s.!]{0,3}$"
)
_FORMULA = re.compile(r"\$([^$\n]{1,400})\$|\\\(([^\n]{1,400}?)\\\)")
_ABOUT_ANSWERS = re.compile(
    r"\banswers?\b(?! choices?\b)[^\n]{0,120}?\b(?:is|are|was|be|depends|is?n['’]t)\b", re.I
)
_LEAD = re.compile(
    r"\W{0,3}(?:(?:it|that|this)(?:['’]s| is)|there(?:['’]s| is| are)|i (?:count|see|get)|"
    r"they are)\s(?!not\b)"
    r"|(?:一共|总共|共计|共|有|是){1,2}",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"\b(?:negative|minus) (?=\.?\d)", re.IGNORECASE)
_RATIO = re.compile(
    r"(?<![\d.:])\d{1,9}(?:\.\d{1,9})?(?:(?::|\s:\s)\d{1,9}(?:\.\d{1,9})?){1,4}(?![\d:])"
)
_BEFORE_QUESTION = re.compile(r"(?:.{0,2000}[.!]\**(?=\s))?", re.DOTALL)
_FULL_STOP = re.compile(r"(?:(?<!!)\.|!)$")
_VALUE = re.compile(r"[\d√π]|\\[a-z]")
_WORD = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{3,}")
_SENTENCE = re.compile(r"[a-zA-Z]{2,}\W+(?:[^a-zA-Z]+\s)?[a-zA-Z]{2,}")
_WORDS_OF_A_SHORT_RESPONSE = 4


class Answer(NamedTuple):
    """An answer that a response states.

    Attributes:
        text: as it is written.
        closed: nothing that would follow could change it: it stands in a box or in a tag.
    """

    text: str
    closed: bool


def answer_of(response: str, gold: Gold, *, without_anchor: bool = True) -> Answer | None:
    r"""The answer that a response states; None where there is none.

    Args:
        response: the text.
        gold: tells which kind of answer is looked for; its value is not looked at.
        without_anchor: an answer counts without box, tag or announcement.

    Example:
        >>> number = Gold("?", "integer")
        >>> answer_of(r"3 and 4 make \boxed{7}.", number).text
        '7'
        >>> answer_of("So the perimeter is 2 + 2 + 2 = **6 inches**. 1 or 2?", number).text
        '6'
        >>> answer_of("I see 1, 2, 3.", number) is None
        True
    """
    reading = read(response, lambda text: _replaces(text, gold))
    for statement in reading.statements:
        if statement.kind != ANNOUNCED:
            return Answer(_marked(statement, gold), statement.closed)
        if (text := object_of(statement.text, gold)) is not None:
            return Answer(text, closed=False)
    if not without_anchor:
        return None
    text = _unannounced(_prose(response[reading.start : reading.end]), gold)
    return None if text is None else Answer(text, closed=False)


def _replaces(text: str, gold: Gold) -> bool:
    """Whether what is announced behind a box is an answer of the type that is looked for."""
    if gold.choices:
        return object_of(text, gold) in gold.choices
    return is_value(text)


def _marked(statement: Statement, gold: Gold) -> str:
    """The answer in a box or tag; of a sentence there, what it states."""
    content = statement.text
    if gold.choices:
        named = chosen(content, gold.choices) is not None
        return content if named else mentioned(content, gold.choices) or content
    bare = plain(content)
    if gold.kind in NUMBERS and _SENTENCE.search(bare) and not _is_number(content, gold):
        return stated(bare) or content
    if gold.kind == "text":
        clear = _YES_OR_NO.match(bare)
        if clear and not _ANY_YES_OR_NO.search(bare, clear.end()):
            return clear[1]
        return content[lead.end() :] if (lead := _LEAD.match(content)) else content
    return content


def _is_number(text: str, gold: Gold) -> bool:
    return read_number(text, gold.unit) is not None or formula(text, gold.unit) is not None


def _prose(said: str) -> str:
    """What a response says in words, without code."""
    if len(said) > LONGEST:
        said = f"{said[: LONGEST // 2]}\n{said[-LONGEST // 2 :]}"
    said = _NEGATIVE.sub("-", typed(said))
    return without_code(said.replace("\r", ""))


def _unannounced(prose: str, gold: Gold) -> str | None:
    """What a response is as a whole, concludes, opens or ends with."""
    parts = [part for sentence in sentences(prose) if (part := _without_question(sentence))]
    if gold.kind == "list" and not gold.choices:
        return _only_list(parts) or _whole(prose, gold)
    stating = [sentence for sentence in parts if _may_state(sentence)]
    if gold.kind == "text" and not gold.choices:
        opening = _YES_OR_NO.match(stating[0]) if stating else None
        return opening[1] if opening else _whole(prose, gold)
    if (whole := _whole(prose, gold)) is not None:
        return whole
    for sentence in _by_weight(stating, parts, gold):
        if claim := _stated(sentence, gold):
            return claim
    return None


def _whole(prose: str, gold: Gold) -> str | None:
    """The answer of a response of a few words, which is one as a whole."""
    text = prose.strip()
    if not text or len(text.split()) > _WORDS_OF_A_SHORT_RESPONSE or "\n" in text:
        return None
    if "?" in text or refuses(text):
        return None
    bare = text[lead.end() :] if (lead := _LEAD.match(text)) else text
    bare = _FULL_STOP.sub("", bare.strip("*$ "))
    if gold.choices:
        return chosen(bare, gold.choices)
    return bare if _is_answer(bare, gold) else None


def _is_answer(bare: str, gold: Gold) -> bool:
    """Whether a few words are an answer of the reference's type."""
    if gold.kind in NUMBERS:
        return _is_number(bare, gold)
    if gold.kind == "list":
        return len(elements(bare) or ()) > 1 and is_claimed(bare, len(bare), len(bare))
    if gold.kind == "expression":
        return _VALUE.search(bare) is not None and not _WORD.search(bare)
    return gold.kind == "text" and is_claimed(bare, len(bare), len(bare))


def _may_state(sentence: str) -> bool:
    """Whether a sentence may state an answer without announcing it."""
    return not (is_pleasantry(sentence) or refuses(sentence) or _ABOUT_ANSWERS.search(sentence))


def _without_question(sentence: str) -> str:
    """A sentence without a question at its end; empty where it is one."""
    return _BEFORE_QUESTION.match(sentence)[0] if is_question(sentence) else sentence  # type: ignore[index]


def _only_list(parts: list[str]) -> str | None:
    lists = {
        match[0]
        for part in parts
        for match in _LIST.finditer(part)
        if re.search(r"\d.*[,;].*\d", match[0]) and is_claimed(part, *match.span())
    }
    lists |= {ended for part in parts if not lists and (ended := _ending_list(plain(part)))}
    return lists.pop() if len(lists) == 1 else None


def _ending_list(sentence: str) -> str | None:
    """The numbers with which a sentence ends, if it says that something is they."""
    match = _ENDS_WITH_LIST.search(sentence)
    return match["list"] if match and is_claimed(sentence, *match.span("list")) else None


def _by_weight(stating: list[str], parts: list[str], gold: Gold) -> list[str]:
    """The sentences that may state the answer: conclusions, bold ones, the first and the last."""
    strong = [claim for sentence in reversed(stating) if (claim := conclusion(sentence))]
    mild = [claim for sentence in reversed(stating) if (claim := conclusion(sentence, mild=True))]
    bold = [sentence for sentence in stating if has_bold_number(sentence)]
    edges = [sentence for sentence in (*stating[:1], *stating[-1:]) if not is_listed(sentence)]
    if gold.choices:
        bold = [sentence for sentence in stating if "**" in sentence]
        offered = several_letters("\n".join(parts)) or sum(map(is_labelled, stating)) > 1
        edges = [] if offered else edges
    if any(refuses(part) for part in (*parts[:1], *parts[-1:])):
        edges = []
    return [*strong, *bold, *mild, *edges]


def _stated(sentence: str, gold: Gold) -> str | None:
    if gold.choices:
        choice = chosen(sentence.strip("* "), gold.choices) or mentioned(sentence, gold.choices)
        return choice or stated(sentence)
    if gold.kind in NUMBERS:
        holds = affirmed(sentence)  # behind a correction: `There are 5, no wait, 6.`
        return stated(sentence[slice(*holds)] if holds else sentence)
    if gold.kind == "expression":
        formulas = _FORMULA.findall(sentence)
        if not formulas and (ratio := _RATIO.search(sentence)):
            return ratio[0]
        return plain(formulas[-1][0] or formulas[-1][1]) if formulas else stated(sentence)
    return None
