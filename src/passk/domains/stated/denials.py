"""What a sentence says without claiming it: denials, questions, suppositions, retractions.

Nothing here knows answers; texts are sentences or parts of them, and patterns are bounded.
"""

import re

# What makes the opposite, or nothing, of what follows in the same clause.
_UNCLAIMED = re.compile(
    r"\b(?:if|suppose|supposing|assum(?:e|ing)|unless|whether|wrong|incorrect|false|mistaken|"
    r"(?<!\bi )(?<!\bwe )(?:might|may|could|would|will) "
    r"(?:think|say|guess|believe|expect|be tempted)|common|"
    r"(?:first|initially|originally) (?:thought|guessed|said|wrote|had)|thought|"
    r"assumed|guessed|tempting|doubt|worst|"
    r"exclude|rule out|eliminate|reject|discard|were it|not|never|"
    r"no|cannot|neither|none|unlikely|least likely|mistake|trap|distractor)\b|n['’]t\b"
    r"|不是|不选|并非|错误|排除|如果|假如|假设|若",
    re.IGNORECASE,
)
_NO_DOUBT = re.compile(r"\b(?:no|without(?: any| a)?|beyond) doubts?\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:，；：。]|\b(?:but|so|then|hence|thus|therefore|and)\b", re.IGNORECASE)
_REACH = 100  # characters before an announcement in which its clause begins
_DENIAL = re.compile(
    r"\W{0,3}(?:(?:it|that|this)\s)?(?:(?:is|are|was|be)\s)?(?:certainly |definitely |clearly "
    r"|surely )?"
    r"(?:not\b(?! only)|n['’]t\b|never\b|cannot\b|anything (?:but|other than)\b|"
    r"all (?:but|except)\b|"
    r"any(?:thing)? except\b|other than\b|neither\b|unlikely\b|different from\b|far from\b|"
    r"(?:\w+ly |once )?(?:thought|believed|assumed|supposed|said) to be\b|"
    r"不是|不为|并非|不等于)",
    re.IGNORECASE,
)
# Behind what is denied: what holds instead.
_INSTEAD = re.compile(
    r"(?:\bbut(?: rather| instead)?\b(?! not)|;|，而?是|,\s?(?=(?:it|that)(?: is|['’]s)\b)|而是)"
    r"\s{0,3}(?:(?:it|that|there|the answer)(?: is| are|['’]s)\s|是)?",
    re.IGNORECASE,
)
# Within a statement: what it is corrected by.
_CORRECTION = re.compile(
    r"[\s,;.–—-]{1,4}(?:no,? wait|wait|no(?=,)|i mean|i meant|scratch that|correction|oops|"
    r"(?:or |no )?(?:rather|actually)(?=,|:)|sorry(?=,)|make that|不对|(?<!答案)应该?是)"
    r"[\s,:;，：]{0,3}(?:(?:it|that|there|this)(?: is| are| should be|['’]s)\s|应该?是)?",
    re.IGNORECASE,
)
# A sentence that takes back what stands before it, wherever it stands.
_OPENING = r"\W{0,4}(?:(?:oh|hm+|oops|but|ah|hold on)\b[\s,.!…-]{0,4}){0,2}"
# Behind `is not correct`: it is so in some cases alone.
_NOT_LIMITED = r"(?!\s(?:for|in|if|when|whenever|only|unless|at|with|except|where|on|under)\b)"
_WITHDRAWAL = re.compile(
    rf"{_OPENING}(?:no,? wait\b|scratch that\b|my mistake\b|"
    r"(?:wait|actually|hold on|but|no)\b[^\n?]{0,40}?\b(?:that|this|it|answer)"
    r"(?:['’]s| is| was| seems)(?: \w+){0,2}? "
    rf"(?:wrong|incorrect|not (?:right|correct)|an? (?:mistake|error|miscount\w*))\b{_NOT_LIMITED}"
    r"|更正)[\s,.:;!–—-]{0,4}(?:it(?: is| should be|['’]s)\s)?",
    re.IGNORECASE,
)
# The same, of which it depends on what follows whether anything is taken back.
_ADMISSION = re.compile(
    rf"{_OPENING}(?:(?:wait|actually|hold on|no)\b[\s,.!…–—-]{{1,4}})?"
    r"(?:correction\b(?=\s?[:,.!–—-])(?!\W{1,4}(?:none|no\b(?! ?,)|nothing|n/a|not\b))|"
    r"(?:i(?:['’]ve| have)? (?:made|see)|that(?: wa|['’]|\si)s|there(?: wa|['’]|\si)s|this is) "
    r"an? (?:\w+ )?(?:mistake|error|miscount)\b(?: here| there| in my \w+(?: \w+)?)?"
    r"(?=\W{0,4}$|\s?[,:;!–—-]\s?(?!\s?(?:but|which|that|as|since|because|though|however|many"
    r"|they)\b)))"
    r"[\s,.:;!–—-]{0,4}(?:it(?: is| should be|['’]s)\s)?",
    re.IGNORECASE,
)
# The same directly behind an announcement.
_REPLY = re.compile(
    rf"{_OPENING}(?:no[,:;!.–—]\s?\s?(?=it\b|it['’]s|that|there|the answer|actually|rather|"
    rf"wait|i mean|[-−\d$\\(*]|"
    r"[A-Z]\b\W?|\w+ing )|i (?:mean|meant)\b|sorry[,:;.]|wait[,:;.!–—-]|"
    r"oops\b|no, (?=\w+(?: \w+)?[.!]?$)|actually,? (?:it|that|there|this|the answer)(?=['’]s| is|"
    r" are)|不对|不，)"
    r"[\s,.:;!–—-]{0,4}(?:it(?: is| should be|['’]s)\s)?",
    re.IGNORECASE,
)
# One of these stands in every withdrawal.
_HINTS = ("wrong", "correct", "mistake", "error", "iscount", "not right", "no wait", "no, wait",
          "No wait", "No, wait", "cratch that", "orrection", "更正")  # fmt: skip
# Before what is left out, and behind what is rejected.
_EXCEPT = re.compile(
    r"\b(?:all|every|any|each|everything|anything|anyone|none)\b[^.;]{0,40}\b(?:but|"
    r"except)\b\W{0,3}"
    r"(?:for |option |choice |the )?\W{0,3}$|\b(?:unlike|except(?: for)?|instead of|"
    r"rather than|than|"
    r"other than|without)\W{1,3}(?:the |option |choice )?\W{0,3}$",
    re.IGNORECASE,
)
_REJECTED = re.compile(
    r"[\s*)\]'\"”’]{0,4}(?:\w+\s){0,2}?"
    r"(?:(?:is|are|was|were|would be|can|could|does|do|must|seems?)"
    r"(?:\s(?:clearly|definitely|obviously|therefore|also|thus|be|the|only))?\s?"
    r"(?:not\b|n['’]t\b|wrong\b|incorrect\b|false\b|excluded|ruled out|eliminated|rejected|"
    r"impossible|out\b|discarded|(?:an?|one|the) "
    r"(?:possibility|mistake|distractor|wrong|common|"
    r"trap)|too (?:many|few|large|small|high|low|big|much|long|short))|cannot\b|\w{1,6}n['’]t\b|"
    r"可以排除|错误|不对|不正确|不是)",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"[?？][\s*\"'”’)]{0,4}$")
_ALTERNATIVE = re.compile(
    r"\W{0,3}(?:or|and maybe|or maybe|alternatively|maybe|或者?)\b\W{0,3}", re.I
)


def is_question(sentence: str) -> bool:
    """Whether a sentence asks.

    Example:
        >>> is_question("Is the answer 5?"), is_question("It is 5.")
        (True, False)
    """
    return _QUESTION.search(sentence[-8:]) is not None


def is_unclaimed(before: str) -> bool:
    """Whether the clause that ends a text only supposes, denies or reports what follows.

    Example:
        >>> is_unclaimed("If the answer"), is_unclaimed("It is not odd, so the answer")
        (True, False)
    """
    clause = before[-_REACH:]
    last = max((mark.end() for mark in _CLAUSE.finditer(clause)), default=0)
    clause = _NO_DOUBT.sub("", clause[last:])
    return _UNCLAIMED.search(clause) is not None


def is_denial(text: str) -> bool:
    """Whether a text begins with a denial.

    Example:
        >>> is_denial(" not 5."), is_denial(" 5, not 6.")
        (True, False)
    """
    return _DENIAL.match(text) is not None


def affirmed(text: str, *, denied: bool = False) -> tuple[int, int] | None:
    """Which part of what is stated holds: behind denials and corrections; None where none does.

    Args:
        text: what follows `the answer is`.
        denied: it follows `the answer is not`.

    Example:
        >>> text = "not 4 but 5"
        >>> text[slice(*affirmed(text))], affirmed("not 4") is None
        ('5', True)
        >>> text = "5, no wait, 6"
        >>> text[slice(*affirmed(text))]
        '6'
    """
    start = 0
    for correction in _CORRECTION.finditer(text):
        start = correction.end()
    denial = _DENIAL.match(text, start)
    if denial or (denied and not start):
        instead = _INSTEAD.search(text, denial.end() if denial else start)
        if instead is None:
            return None
        start = instead.end()
    return (start, len(text)) if text[start:].strip() else None


def withdrawal(sentence: str, *, reply: bool = False) -> int | None:
    """Where a sentence goes on that takes back what stands before it; None: it takes back nothing.

    Args:
        sentence: as it is written.
        reply: it stands directly behind an announcement, so that a `No, ...` is enough.

    Example:
        >>> sentence = "Wait, that is wrong: there are 7."
        >>> sentence[withdrawal(sentence) :]
        'there are 7.'
        >>> withdrawal("No, 6."), withdrawal("No, 6.", reply=True)
        (None, 4)
    """
    match = (
        _WITHDRAWAL.match(sentence)
        or _ADMISSION.match(sentence)
        or (_REPLY.match(sentence) if reply else None)
    )
    return None if match is None else match.end()


def is_admission(sentence: str) -> bool:
    """Whether a withdrawal only admits a mistake, and takes nothing back if no value follows.

    Example:
        >>> is_admission("I made a mistake."), is_admission("Wait, that is wrong.")
        (True, False)
    """
    return _WITHDRAWAL.match(sentence) is None and _ADMISSION.match(sentence) is not None


def is_claimed(sentence: str, start: int, end: int) -> bool:
    """Whether a sentence claims what stands at [start, end) in it.

    Example:
        >>> claimed = [("It is blue.", 6), ("Blue is wrong.", 0), ("Is it blue?", 6)]
        >>> [is_claimed(sentence, start, start + 4) for sentence, start in claimed]
        [True, False, False]
    """
    before = sentence[:start]
    return not (
        is_question(sentence)
        or is_unclaimed(before)
        or _EXCEPT.search(before[-_REACH:])
        or _REJECTED.match(sentence, end)
    )


def may_withdraw(text: str, start: int, end: int) -> bool:
    """Whether a part of a text may hold a `withdrawal`; cheap."""
    return any(text.find(hint, start, end) >= 0 for hint in _HINTS)


def alternative(sentence: str) -> bool:
    """Whether a sentence names another answer beside the one before it, as `Or 5` does."""
    return _ALTERNATIVE.match(sentence) is not None
