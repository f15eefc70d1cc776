r"""What a response gives as its answer.

What it states (`passk.domains.stated`): in a box, a tag, or in words; else its last formula or
number. A closed box or tag is the answer whether or not it can be read. Of an announcement counts
what comes first: `5 apples, which cost 10 dollars` is 5 apples.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from passk.domains.math.characters import to_latex
from passk.domains.stated.denials import is_denial, is_question, is_unclaimed
from passk.domains.stated.reading import read
from passk.domains.stated.sentence_spans import sentence_spans
from passk.domains.stated.statement import ANNOUNCED

_TAIL = 2000  # characters at the end in which the last formula or number is looked for
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_GROUP = r"\{(?:[^{}]|\{[^{}]{0,60}\}){0,60}\}"
_FUNCTION = r"(?:sqrt|exp|log|ln|sin|cos|tan|pi)(?![A-Za-z])"
# A letter is a variable where an operator, a digit or a bracket touches it; else it is a word.
_LETTER = (
    r"(?<![A-Za-z])[A-Za-z](?='?\s?[-+*/^=<>]\s?[\w(\\$√.-])|(?<![A-Za-z])[A-Za-z](?='?[_(])|"
    r"(?<=[\d)}])[a-fik-rt-zA-KM-Z](?![A-Za-z])|(?<=[-+*/=^(])[A-Za-z](?![A-Za-z])|"
    r"(?<=[-+*/=^(] )[A-Za-z](?![A-Za-z])"
)
_LIST = rf"[\[({{]\s?[-−+]?\s?(?:{_NUMBER})(?:\s?,\s?[-−+]?\s?(?:{_NUMBER})){{1,12}}\s?[\])}}]"
_TOKEN = (
    rf"{_LIST}|[$€£¥]?(?:{_NUMBER})|\\[$%]|\\[a-zA-Z]+(?:{_GROUP}){{0,2}}|{_FUNCTION}|{_LETTER}|"
    rf"[_^]\s?(?:{_GROUP}|-?\w)|[-+*/^=<>()!|:%°πÀ√∛¾½¼⅓⅔×÷−–·≤≥≠∞²³']"
)
_EXPRESSION = re.compile(rf"(?<![A-Za-z0-9_.\\])(?:{_TOKEN})(?:\s?(?:{_TOKEN})){{0,80}}"
                         r"(?:\s(?:percent|million|billion|thousand|dozens?)\b)?")  # fmt: skip
_TELLING = re.compile(r"\d|\\(?:frac|sqrt|pi|infty)|[π∞√¾½¼⅓⅔]")
_EDGES = re.compile(r"^[\s=:*+/^)!|>'<]+|(?:[\s=:*+\-/^(|<'−–·]|(?<=\s)!)+$")
_CONTRAST = re.compile(
    r"，?而?不是[^。\n]{1,80}|,?\s(?:and )?(?:not|rather than|instead of)\s[^.;\n]{1,80}"
)
_LAST_NUMBER = re.compile(r"\\boxed\{(-?[\d.,/]{1,60})\}[\s.$*)\]\\]{0,12}")
_DENIED = re.compile(r"not|n['’]t|never|不", re.IGNORECASE)
_SINGLE = re.compile(r"[\s*_`$(.\"']*([A-J]|yes|no|true|false)[\s*_`$).\"'!]*", re.IGNORECASE)
_FORMULA = re.compile(
    r"\$\$(?P<a>[^$]{1,1500})\$\$|(?<![\\\d$])\$(?P<b>(?:\\\$|[^$\n]){1,1500})(?<!\\)\$(?!\d)|"
    r"\\\[(?P<c>(?:[^\\]|\\(?!\])){1,1500})\\\]|\\\((?P<d>(?:[^\\]|\\(?!\))){1,1500})\\\)"
)
_JOINT = re.compile(r"\s*(?:,|;|,?\s*and|,?\s*or)\s*")
_BEHIND = re.compile(r"\s?(?:\\?%|percent\b|°|degrees\b|(?:million|billion|thousand|dozens?)\b)")
_REST = re.compile(
    r",\s+(?=[A-Za-z]{2}|i\.e)(?!and\b|or\b)|\s+(?:because|since|which|where|as|when|if|so|then|that|for|"
    r"of|at|with|by|but|in total|in all|per|each|on|to(?!\s[-−$\d])|after|from|before)\b|;\s|\.\s|"
    r"\n|\s\(|[。！]"
)
_STRAY = re.compile(
    r"^\\[(\[](?!.*\\[)\]])|^\}|(?<!\\\()(?<!\\\[)\\[)\]]$", re.DOTALL
)  # one end of a formula whose other end stands elsewhere
_BOLD = re.compile(r"\*\*(?=[^\s\d(])(?!\d)|(?<!\d)\*\*|\*\*(?=[\s.,;:!]|$)|__(?=\S)|(?<=\S)__|`")
_FILLER = re.compile(
    r"(?:(?:obviously|simply|clearly|just|then|thus|therefore|hence|indeed|exactly|precisely|"
    r"of course|given by|a total of|in total|the (?:number|value|sum|product|total)|"
    r"(?:the )?(?:sum|product|difference|quotient))(?: of)?(?![A-Za-z])(?! of\b)[\s,:]*){1,4}"
    r"(?=[*_`]{0,3}(?:\$|\\[(\[]|[-+−]?\d))",
    re.IGNORECASE,
)
# Bounds and signs in words before an unmarked number.
_BOUND = re.compile(
    r"\b(?P<sign>at least|at most|more than|less than|fewer than|greater than|larger than|"
    r"smaller than|up to|minus|negative|between \S{1,20} and|from \S{1,20} to|\d[\d.,]{0,20} to)"
    r"\s$",
    re.IGNORECASE,
)
_PAIR = re.compile(
    r"\b(?:are|were|and|=)\s(?P<list>(?:[-−]?\d[\d.]{0,20}, ){0,6}[-−]?\d[\d.]{0,20},? and )$"
)
_LESS = ("at most", "less than", "fewer than", "smaller than", "up to")
_MARKS = re.compile(r"^[\s*_`#:=]+|[\s*_`]+$")
_NAMED_BOX = re.compile(r"(?<![A-Za-z\\])boxed\{([^{}]{1,400})\}\s*[.$]*\s*$")
_EMPTY_BOX = re.compile(r"\\boxed\s?\{\s*\}(?!.*\\boxed)", re.DOTALL)
_BRACKETED = re.compile(r"[\s*]*([(\[](?:[^()\[\]\n]|\([^()\n]*\)){1,300}[)\]])")


class StatedAnswer(NamedTuple):
    """What a response answers.

    Attributes:
        text: as it is written.
        closed: it stands in a closed box or tag.
    """

    text: str
    closed: bool


def read_answer(response: str, *, without_anchor: bool = True) -> StatedAnswer | None:
    r"""The answer of a response; None where there is none.

    Args:
        response: the text.
        without_anchor: without a statement, the last formula or number is the answer.

    Example:
        >>> read_answer(r"So \boxed{\frac{1}{2}}.").text, read_answer("it is -2*pi").text
        ('\\frac{1}{2}', '-2*pi')
        >>> read_answer("The answer is 5 apples, which cost 10 dollars.").text
        '5 apples'
    """
    if (plain := _plain_box(response)) is not None:
        return StatedAnswer(plain, closed=True)
    reading = read(response)
    if reading.statements:
        statement = reading.statements[0]
        if statement.kind != ANNOUNCED:
            return StatedAnswer(statement.text.lstrip("} "), statement.closed)
        if head := _head(statement.text):
            return StatedAnswer(head, closed=False)
    if not without_anchor:
        return None
    last = _last(response, max(reading.start, reading.end - _TAIL), reading.end)
    return None if last is None else StatedAnswer(last, closed=False)


def _plain_box(response: str) -> str | None:
    """The number in the only box where that ends a response without thoughts, tags and denials.

    `read` finds the same; most responses of trained models are of this kind.
    """
    start = response.rfind(r"\boxed{")
    match = _LAST_NUMBER.fullmatch(response, start) if start >= 0 else None
    if match is None or "<" in response or response.find(r"\boxed") != start:
        return None
    if any(response.find(outer, 0, start) >= 0 for outer in (r"\fbox", r"\framebox")):
        return None
    return None if _DENIED.search(response, max(0, start - 40), start) else match[1]


def _head(text: str) -> str:
    """The answer at the start of what is announced."""
    text = _FILLER.sub("", _MARKS.sub("", text.strip()), count=1)
    text = _CONTRAST.sub("", _MARKS.sub("", text))
    if match := _FORMULA.match(text):
        return _joined(text, match)[0]
    if match := _BRACKETED.match(text):
        return match[1]
    text = re.split(r"\*\*", text, maxsplit=1)[0].strip()
    if cut := _REST.search(text):
        head = text[: cut.start()]
        if re.search(r"\w", head):
            text = head
    text = _STRAY.sub("", text).strip(" .,;:*")
    return text if re.search(r"\d!$", text) else text.rstrip(" !")


def _content(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None)


def _joined(text: str, match: re.Match[str]) -> tuple[str, int]:
    """A formula, those that follow joined by commas or `and`, and a percent sign; their end."""
    contents, end = [_content(match)], match.end()
    while joint := _JOINT.match(text, end):
        following = _FORMULA.match(text, joint.end())
        if following is None:
            break
        contents.append(_content(following))
        end = following.end()
    answer = ", ".join(content.strip().rstrip(".,") for content in contents)
    if behind := _BEHIND.match(text, end):
        answer += behind[0].replace("degrees", "°")
        end = behind.end()
    return answer, end


def _last(text: str, start: int, end: int) -> str | None:
    """The last formula or number of a part of a text, outside of questions and denials."""
    tail = text[start:end].rstrip()
    if match := _NAMED_BOX.search(tail):
        return match[1]
    if match := _EMPTY_BOX.search(tail):
        return (
            "" if not re.search(r"\d", tail[match.end() :]) else _last(tail, match.end(), len(tail))
        )
    if match := _SINGLE.fullmatch(tail):
        return match[1]
    kept = tail
    if "?" in kept or re.search(r"not\b|n't\b", kept):
        spans = [
            (low, high)
            for low, high in sentence_spans(kept, 0, len(kept))
            if not is_question(kept[low:high]) and not _denies(kept[low:high])
        ]
        kept = " ".join(kept[low:high] for low, high in spans)
    kept = _BOLD.sub("", _CONTRAST.sub("", kept))
    for begin, answer in _candidates(kept):
        if not is_unclaimed(kept[max(0, begin - 80) : begin]):
            return answer
    return None


def _candidates(text: str) -> Iterator[tuple[int, str]]:
    """Where formulas and numbers of a text begin, and what they are, the last first."""
    formulas: list[tuple[int, int, str]] = []
    position = 0
    while match := _FORMULA.search(text, position):
        content, position = _joined(text, match)
        formulas.append((match.start(), position, content))
    covered = formulas[-1][1] if formulas else 0
    for match in reversed(list(_EXPRESSION.finditer(text, covered))):
        plain = _EDGES.sub("", match[0])
        if _TELLING.search(plain):
            if re.fullmatch(r"\{[^{}]*\}", plain):
                plain = rf"\{plain[:-1]}\}}"
            yield match.start(), _bounded(text, match.start(), _value(plain))
    for begin, _, content in reversed(formulas):
        yield begin, _value(content)


def _bounded(text: str, start: int, value: str) -> str:
    """A number with the bound or sign that words before it give: `at least 8` is `> 8`."""
    before = text[max(0, start - 80) : start]
    if match := _BOUND.search(before):
        sign = match["sign"].lower()
        if sign in ("minus", "negative"):
            return f"-{value}"
        if sign[-3:] in (" to", "and") and sign != "up to":
            first = re.search(r"\d[\d.,]*", sign)
            return f"{first[0] if first else ''}:{value}"
        return rf"\{'le' if sign in _LESS else 'ge'} {value}"
    if match := _PAIR.search(before):
        return re.sub(r",? and $", ", ", match["list"]) + value
    return value


def _denies(sentence: str) -> bool:
    return (
        is_denial(sentence)
        or re.search(
            r"\b(?:is|are|be|was|were|can)\s?not\b|isn't\b|can't\b|\bwrong\b|\bincorrect\b|^\s*if\b.{0,60}\bwere\b",
            sentence,
            re.IGNORECASE,
        )
        is not None
    )


def _value(text: str) -> str:
    """The last member of a chain of equations that does not begin with a name alone."""
    if re.search(r",(?!\d{3}(?!\d))", text):
        return text.strip()
    members = re.split(r"(?<![<>!\\])=", to_latex(text))
    if len(members) > 2 or (len(members) == 2 and not re.search("[A-Za-z]", members[0])):
        return members[-1].strip()
    return text.strip()
