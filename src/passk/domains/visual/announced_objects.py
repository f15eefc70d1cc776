r"""What stands behind `the answer is`, as an answer of the reference's type."""

import re

from passk.domains.visual.choice_mentions import mentioned
from passk.domains.visual.comparison import elements
from passk.domains.visual.formulas import formula
from passk.domains.visual.gold import NUMBERS, Gold
from passk.domains.visual.markup import plain
from passk.domains.visual.multiple_choice import chosen
from passk.domains.visual.quantities import read
from passk.domains.visual.sentence_parsing import stated

_REASON = re.compile(
    r",?\s(?:because|since|as)\s|,\s(?:which|where|so|and not|not|but not)\s|\s\((?=[a-z])|"
    r"\s(?:not|and not)\s"
)
_LEAD = re.compile(
    r"\W{0,3}(?:(?:i (?:think|believe|guess|would say)(?: that)?|probably|most likely|clearly|"
    r"definitely|"
    r"therefore|thus|indeed|likely|(?:it|that|this)(?: is|['’]s)|:)[\s,]{1,2}){1,3}",
    re.IGNORECASE,
)
_LIST = re.compile(r"\[[^\[\]\n]{0,2000}\]|\([^()\n]{0,2000}\)")
_FORMULA = re.compile(r"\$([^$\n]{1,400})\$|\\\(([^\n]{1,400}?)\\\)")
_ALGEBRA = re.compile(r"\\[a-zA-Z]|[√π^]")
_YES_OR_NO = re.compile(r"\W{0,3}(yes|no|true|false)\b(?!\s*[/\w])", re.IGNORECASE)
_LETTER = re.compile(r"(?<![\w'’])[A-Z](?![\w'’])|\d")
_LONGEST_UNREAD = 8  # words of an announced text that is an answer, though none that can be read


_WORDS_UNREAD = 3  # the same, without digits


def object_of(text: str, gold: Gold) -> str | None:
    r"""The answer at the beginning of an announced text; None where it is none of the type.

    What names an answer of the type and cannot be read (two letters, a bound) is returned as it is:
    it was announced, and nothing else of the response stands in for it.

    Example:
        >>> number = Gold("?", "integer")
        >>> object_of("5 apples, which cost 10 dollars", number), object_of("5 times 4", number)
        ('5', '5 times 4')
        >>> object_of("what we want it to be", number) is None
        True
    """
    text = text[lead.end() :] if (lead := _LEAD.match(text)) else text
    if gold.choices:
        return _choice(text, gold)
    if gold.kind == "list":
        listed = _LIST.search(text)
        return listed[0] if listed else text if elements(text) is not None else None
    head = text.strip()
    if gold.kind in NUMBERS:
        return _number(head, gold)
    if gold.kind == "text" and (clear := _YES_OR_NO.match(head)):
        return clear[1]
    if gold.kind == "expression" and (inside := _formula(head)) is not None:
        return inside
    return _REASON.split(head, maxsplit=1)[0].strip("*\"'“”‘’` ") or None


def _choice(text: str, gold: Gold) -> str | None:
    short = _REASON.split(text, maxsplit=1)[0]
    for head in (text, short):
        choice = chosen(head.strip("*\"'“” "), gold.choices) or mentioned(head, gold.choices)
        if choice is not None:
            return choice
    if (number := stated(f"is {text}")) is not None and (choice := chosen(number, gold.choices)):
        return choice
    return text if _LETTER.search(text) and len(text.split()) <= _LONGEST_UNREAD else None


def _number(head: str, gold: Gold) -> str | None:
    if read(head, gold.unit) is not None or formula(head, gold.unit) is not None:
        return head
    if (number := stated(f"is {head}")) is not None:
        return number
    length = len(head.split())
    unread = length <= _WORDS_UNREAD or (re.search(r"\d", head) and length <= _LONGEST_UNREAD)
    return head.strip("* ") or None if unread else None


def _formula(head: str) -> str | None:
    """The only formula between dollars; None where there is none, or several."""
    formulas = _FORMULA.findall(head)
    inside = [one or other for one, other in formulas if _ALGEBRA.search(one or other)]
    return plain(inside[0]) if len(inside) == 1 == len(formulas) else None
