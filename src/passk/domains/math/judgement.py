r"""Judging one answer, given how formulas are compared.

Gold and answer are brought to one spelling (`spelling`), read as words, numbers with units, lists,
named values and relations (`structure`), and compared part by part (`comparison`). Formulas are
compared by algebra, in worker processes (`mathverify`); what needs none is decided here at once.

Running out of memory or of stack, and a gold answer that cannot be read, are unknown, not wrong.
"""

import re
from functools import cache, lru_cache

from passk.domains.math.comparing import Algebra, UnreadableError
from passk.domains.math.comparison import ShapeComparison
from passk.domains.math.golds import gold_answer
from passk.domains.math.numerals import same_plainly
from passk.domains.math.options import MathOptions
from passk.domains.math.quantities import Value
from passk.domains.math.shapes import Shape
from passk.domains.math.spelling import canonical, squeezed
from passk.domains.math.structure import read
from passk.domains.math.unit_tails import bare_unit
from passk.domains.math.words import same_choice
from passk.domains.verdict import (
    CORRECT,
    DIFFERENT,
    EQUAL,
    FAULT,
    GOLD,
    NOT_READABLE,
    UNKNOWN,
    WRONG,
    Verdict,
)

FAULTS = (MemoryError, RecursionError)
_LONGEST = 8000  # characters of a gold or answer that is read
_SUMMAND = re.compile(r"^\s*(?:\\text\{)?\s*\([A-J]\)\s*\}?\s*[-+*/^]\s?\d")
# The letter of a choice before the number that it stands for.
_LABEL = re.compile(
    r"^(?:\\text\s?\{\s?\([A-J]\)\s?\}|\([A-J]\)) ?(?=-?(?:\d|\\frac|\\sqrt|\\text\{ ?\d))"
)
_OTHER_SIGN = re.compile(r"-\s?\\text\s?\{\s?[A-Za-z]{3,}\s?\}$")  # of a word
_PRIMED = re.compile(r"-?[\d.]{1,40}'")  # minutes of arc, or feet
_VARIABLE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]")
_SHORT = 200  # characters of a gold or answer that is looked at outside of a worker's limits


class AlgebraNeededError(Exception):
    """Only algebra can tell."""


@lru_cache(maxsize=4096)
def _read_gold(gold: str) -> tuple[str, Shape]:
    """The gold answer and its shape."""
    text = gold_answer(gold)
    return text, read(text)


def judge(gold: str, answer: str, comparison: ShapeComparison) -> Verdict:
    """Judge one answer.

    Args:
        gold: the reference answer.
        answer: as it was read of a response.
        comparison: of their shapes.
    """
    if max(len(gold), len(answer)) > _LONGEST:
        return _compare_texts(gold, answer)
    try:
        wanted, shape = _read_gold(gold)
        if not re.search(r"\w|\\emptyset", wanted):
            return Verdict(UNKNOWN, GOLD, None)
        return _compare(wanted, shape, answer, comparison)
    except FAULTS as error:
        return Verdict(UNKNOWN, f"{FAULT}: {type(error).__name__}", None)


def _compare_texts(gold: str, answer: str) -> Verdict:
    if gold.strip() == answer.strip():
        return Verdict(CORRECT, EQUAL, answer)
    if len(gold) > _LONGEST:
        return Verdict(UNKNOWN, GOLD, answer)
    return Verdict(WRONG, NOT_READABLE, answer)


def _compare(wanted: str, shape: Shape, answer: str, comparison: ShapeComparison) -> Verdict:
    try:
        equal = _is_equal(wanted, shape, canonical(answer), comparison)
    except UnreadableError as error:
        if error.args == ("gold",):
            return Verdict(UNKNOWN, GOLD, answer)
        equal = None
    if equal is None:
        return Verdict(WRONG, NOT_READABLE, answer)
    return Verdict(*((CORRECT, EQUAL) if equal else (WRONG, DIFFERENT)), answer)


def _is_equal(wanted: str, shape: Shape, stated: str, comparison: ShapeComparison) -> bool | None:
    """Whether canonical texts are equal; None where the second cannot be read."""
    if squeezed(stated) == squeezed(wanted):
        return True
    if (right := same_choice(wanted, stated)) is not None:
        return right and _SUMMAND.search(stated) is None
    stated = _LABEL.sub("", stated)
    if _OTHER_SIGN.match(stated) or (_PRIMED.fullmatch(stated) and not _PRIMED.fullmatch(wanted)):
        return False
    if not re.search(r"\w", stated):
        return None
    if isinstance(shape, Value) and not _VARIABLE.search(shape.formula):
        stated = bare_unit(stated)
    return comparison.equal(shape, read(stated))


def judge_without_algebra(gold: str, answer: str, options: MathOptions) -> Verdict | None:
    r"""The verdict on an answer where no formula has to be compared; else None.

    Example:
        >>> judge_without_algebra("(1, 2)", "(1,3)", MathOptions()).verdict
        'wrong'
        >>> judge_without_algebra("x+1", "1+x", MathOptions()) is None
        True
    """
    if max(len(gold), len(answer)) > _SHORT:
        return None
    try:
        verdict = judge(gold, answer, _without_algebra(options))
    except AlgebraNeededError:
        return None
    return None if verdict.reason.startswith(FAULT) else verdict


@cache
def _without_algebra(options: MathOptions) -> ShapeComparison:
    def same(gold: str, answer: str) -> bool:
        equal = same_plainly(gold, answer, options.float_rounding)
        if equal is None:
            raise AlgebraNeededError
        return equal

    def refuse(*_: object) -> bool:
        raise AlgebraNeededError

    return ShapeComparison(Algebra(same, refuse, refuse), relations=options.allow_set_relation_comp)
