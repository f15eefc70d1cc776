r"""Judging one answer. Imported in worker processes only: SymPy takes 0.4 s.

Gold and answer are brought to one spelling (`spelling`), read as words, numbers with units, lists,
named values and relations (`shapes`), and compared part by part (`comparison`); formulas by
Math-Verify and SymPy (`algebra`).

Running out of memory or of stack, and a gold answer that cannot be read, are unknown, not wrong.
Not covered: such an error swallowed inside SymPy.
"""

import re
from functools import cache, lru_cache

from passk.domains.math.algebra import UnreadableError, quiet, same_formula
from passk.domains.math.comparing import Algebra
from passk.domains.math.comparison import ShapeComparison
from passk.domains.math.equations import same_equation, sign_of_ratio
from passk.domains.math.golds import gold_answer
from passk.domains.math.options import MathOptions
from passk.domains.math.reading import read_answer
from passk.domains.math.shapes import Shape
from passk.domains.math.spelling import canonical, squeezed
from passk.domains.math.structure import read
from passk.domains.math.words import same_choice
from passk.domains.verdict import (
    CORRECT,
    DIFFERENT,
    EQUAL,
    FAULT,
    GOLD,
    NO_ANSWER,
    NOT_READABLE,
    UNKNOWN,
    WRONG,
    Verdict,
)

__all__ = ["judge", "quiet"]

_FAULTS = (MemoryError, RecursionError)


@lru_cache(maxsize=4096)
def read_gold(gold: str) -> tuple[str, Shape]:
    """The gold answer and its shape, read once per worker."""
    text = gold_answer(gold)
    return text, read(text)


@cache
def _comparison(options: MathOptions) -> ShapeComparison:
    def same(gold: str, answer: str) -> bool:
        return same_formula(gold, answer, options)

    def equation(gold: tuple[str, str], answer: tuple[str, str]) -> bool:
        return same_equation(gold, answer, options)

    return ShapeComparison(
        Algebra(same, equation, sign_of_ratio), relations=options.allow_set_relation_comp
    )


def judge(gold: str, text: str, boxed: bool, options: MathOptions) -> Verdict:
    r"""Judge one answer, or what a whole response answers.

    Args:
        gold: the reference answer.
        text: a whole response, or with `boxed` the answer that was read of it.
        boxed: whether `text` is the answer.
        options: of the comparison.
    """
    answer: str | None = text
    if not boxed:
        read_of = read_answer(text, without_anchor=options.without_anchor)
        answer = None if read_of is None else read_of.text
    try:
        wanted, shape = read_gold(gold)
        if not re.search(r"\w|\\emptyset", wanted):
            return Verdict(UNKNOWN, GOLD, None)
        if answer is None:
            return Verdict(WRONG, NO_ANSWER, None)
        return _compare(wanted, shape, answer, options)
    except Exception as error:  # of a library, or of ours: no verdict on the answer
        return Verdict(UNKNOWN, f"{FAULT}: {type(error).__name__}", None)


def _compare(wanted: str, shape: Shape, answer: str, options: MathOptions) -> Verdict:
    stated = canonical(answer)
    right = True if squeezed(stated) == squeezed(wanted) else same_choice(wanted, stated)
    if right is None and not re.search(r"\w", stated):
        return Verdict(WRONG, NOT_READABLE, answer)
    try:
        if right is None:
            right = _comparison(options).equal(shape, read(stated))
        return Verdict(*((CORRECT, EQUAL) if right else (WRONG, DIFFERENT)), answer)
    except UnreadableError as error:
        if error.args == ("gold",):
            return Verdict(UNKNOWN, GOLD, answer)
        return Verdict(WRONG, NOT_READABLE, answer)
