r"""Where a response states its answer, for the plain case: one closed box.

Math-Verify runs about twenty regular expressions over a whole response and hands the rightmost
match to a LaTeX parser. For most responses a short text gives provably the same result, so that
equal answers are judged once. Doubt always ends in the whole response.

Why `\boxed{CONTENT}` may stand for a response (checked against Math-Verify in the tests):

1. Patterns are tried by priority, within one the match that ends last. Without the words "final
   answer", the first priority at which anything matches is that of boxes: an environment
   (`$...$`, `\(...\)`, `\[...\]`, `[...]`) that holds the box, or `\boxed{` up to the last brace
   of the text. These words before the box, with no formula between, nothing after it, and no
   "I hope", which alone has a higher priority, change nothing: what else matches either is the
   box's environment or ends before it.
2. With one box in the text, either match is reduced to the content of its last box, found by
   counting braces, so that both yield the same string, once no environment can end inside it.
3. A percent sign after an environment would turn the answer into a percentage: that is doubt.
4. If the content cannot be parsed, Math-Verify goes on to other patterns. The worker reports
   that, and the whole response is judged instead.
"""

import re

_FINAL_ANSWER = re.compile("final answer", re.IGNORECASE)
_PLAIN_WORDS = re.compile(r"[^$\\\[\]]*(?:\$|\\\(|\\\[)?\s*")
_OPENERS = re.compile(r"\\\(|\\\[|\s\[")
_NOTHING_MORE = re.compile(r"\s*(?:\\\)|\\\]|\$)?[\s.*]*")
_OPEN_BRACKET = re.compile(r"\s\[[^\n\]\[]*$")
_PERCENT = re.compile("%|ercent|[Pp]ct")
_CLOSERS = ("$", r"\)", r"\]")
_BOX = r"\boxed"


def _closing_brace(text: str, opening: int) -> int:
    """Position of the brace that closes the one at `opening`; -1 where none does."""
    depth = 0
    for position in range(opening, len(text)):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if not depth:
                return position
    return -1


def closed_box(text: str) -> bool:
    r"""Whether the last `\boxed{` of a text is closed: the answer was written out.

    Example:
        >>> closed_box(r"so \boxed{12}"), closed_box(r"so \boxed{\frac{1}{2}")
        (True, False)
    """
    start = text.rfind(_BOX + "{")
    return start >= 0 and _closing_brace(text, start + len(_BOX)) >= 0


def boxed_answer(text: str) -> str | None:
    r"""Content of the only box, where Math-Verify would surely judge just that; else None.

    Example:
        >>> boxed_answer(r"The sum is \(\boxed{\frac{3}{8}}\).")
        '\\frac{3}{8}'
        >>> boxed_answer(r"First \boxed{1}, then \boxed{2}.") is None
        True
    """
    start = text.find(_BOX)
    opening = start + len(_BOX)
    if start < 0 or text.find(_BOX, opening) >= 0 or not text.startswith("{", opening):
        return None
    closing = _closing_brace(text, opening)
    if closing < 0 or _doubtful(text, start, closing):
        return None
    return text[opening + 1 : closing].strip() or None


def _doubtful(text: str, start: int, closing: int) -> bool:
    """Whether anything around or in the box might make Math-Verify read something else."""
    if r"\fbox" in text or "$$" in text or _PERCENT.search(text, closing):
        return True
    announced = list(_FINAL_ANSWER.finditer(text))
    if announced and not (
        len(announced) == 1
        and "I hope" not in text
        and _PLAIN_WORDS.fullmatch(text, announced[0].end(), start)
        and not _OPENERS.search(text, start, closing)
        and _NOTHING_MORE.fullmatch(text, closing + 1)
    ):
        return True
    inside = text[start:closing]
    if any(closer in inside for closer in _CLOSERS):
        return True
    return "]" in inside and _OPEN_BRACKET.search(text[:start]) is not None
