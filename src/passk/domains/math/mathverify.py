"""Extraction and equivalence by Math-Verify 0.9.0. Imported in worker processes only (0.4 s).

Deviations from calling Math-Verify in a loop:

1. Its own time limits are off: they use SIGALRM, work in a main thread only, and turn a timeout
   into a silent "wrong". The worker has a hard limit instead, and the verdict is unknown.
2. Running out of memory or of stack, and a gold answer in which nothing can be found, are
   unknown, not wrong. Not covered: such an error swallowed inside SymPy, which Math-Verify
   itself never sees.
3. A gold answer without dollar signs or a box is read as LaTeX, in dollar signs.
"""

import logging
import re
from functools import cache, lru_cache
from itertools import product
from typing import Any

from math_verify import ExprExtractionConfig, LatexExtractionConfig, verify
from math_verify.parser import extract_target_from_pred, get_extraction_regexes

from passk.domains.math.options import MathOptions
from passk.domains.verdict import (
    CORRECT,
    DIFFERENT,
    EQUAL,
    FAULT,
    GOLD,
    NO_ANSWER,
    UNKNOWN,
    WRONG,
    Verdict,
)

Patterns = list[tuple[list[tuple[re.Pattern[str], int]], Any]]
_FAULTS = (MemoryError, RecursionError)


@cache
def patterns(without_anchor: bool) -> Patterns:
    """Math-Verify's own patterns, compiled once: it keeps those of one configuration only."""
    return get_extraction_regexes(
        [
            LatexExtractionConfig(try_extract_without_anchor=without_anchor),
            ExprExtractionConfig(try_extract_without_anchor=without_anchor),
        ]
    )


@cache
def box_pattern() -> Patterns:
    """Of these, the one of a plain box: nothing else may be found in a box's content."""
    box = re.compile(r"(?P<first_latexBoxed>\\boxed{.+})", re.DOTALL)
    return [([(box, 50)], LatexExtractionConfig())]


def read(text: str, targets: Patterns) -> list[Any]:
    """What Math-Verify's `parse` finds in a text: an expression and a string, or fewer.

    Raises:
        MemoryError, RecursionError: the grader is at fault, not the answer.
    """
    try:
        return list(extract_target_from_pred(text, targets, "first_match", "any_match"))
    except _FAULTS:
        raise
    except Exception:  # what `parse` does by default, less the faults
        return []


def gold_text(gold: str) -> str:
    r"""A gold answer as Math-Verify reads it best.

    Example:
        >>> gold_text(r"\frac{1}{2}"), gold_text("$3$")
        ('$\\frac{1}{2}$', '$3$')
    """
    if r"\boxed" in gold or "$" in gold.replace(r"\$", ""):
        return gold
    return "$" + gold.replace("\n", " ").strip() + "$"


@lru_cache(maxsize=4096)
def read_gold(gold: str) -> tuple[Any, ...]:
    """The gold answer, parsed once per worker."""
    return tuple(read(gold_text(gold), patterns(without_anchor=True)))


def equal(gold: object, answer: object, options: MathOptions) -> bool:
    """Whether one reading of the answer equals one reading of the gold."""
    try:
        return bool(
            verify(
                gold,
                answer,
                float_rounding=options.float_rounding,
                numeric_precision=options.numeric_precision,
                strict=options.strict,
                allow_set_relation_comp=options.allow_set_relation_comp,
                timeout_seconds=None,
                raise_on_error=True,
            )
        )
    except _FAULTS:
        raise
    except Exception:  # not comparable: what `verify` does by default, less the faults
        return False


def judge(gold: str, text: str, boxed: bool, options: MathOptions) -> Verdict | None:
    r"""Judge one response, or the content of its only box.

    Args:
        gold: the reference answer.
        text: a whole response, or with `boxed` the content of its box.
        boxed: see `passk.domains.math.extraction`.
        options: Math-Verify's options.

    Returns:
        None where the box cannot be parsed and the whole response has to be judged.
    """
    try:
        golds = read_gold(gold)
        if boxed:
            readings = read(rf"\boxed{{{text}}}", box_pattern())
            if not readings or isinstance(readings[0], str):
                return None
        else:
            readings = read(text, patterns(options.without_anchor))
        if not golds:
            return Verdict(UNKNOWN, GOLD, None)
        if not readings:
            return Verdict(WRONG, NO_ANSWER, None)
        answer = text if boxed else next((x for x in readings if isinstance(x, str)), None)
        if any(equal(g, f, options) for g, f in product(golds, readings)):
            return Verdict(CORRECT, EQUAL, answer)
        return Verdict(WRONG, DIFFERENT, answer)
    except _FAULTS as error:
        return Verdict(UNKNOWN, f"{FAULT}: {type(error).__name__}", None)


def quiet() -> None:
    """Silence the warnings that Math-Verify's own time limits are off."""
    logging.getLogger("math_verify").setLevel(logging.ERROR)
