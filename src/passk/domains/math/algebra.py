"""Whether two formulas are equal, by Math-Verify 0.9.0 and SymPy; in worker processes only.

Math-Verify parses and compares; what it says is then checked with numbers, because it compares to
six decimals whatever their size, and gives up where SymPy does not simplify. Its own time limits
are off: they use SIGALRM, work in a main thread only, and turn a timeout into a silent "wrong". The
worker has a hard limit instead.
"""

import logging
import re
from functools import lru_cache
from typing import Any

from passk.domains.math import antlr

antlr.use_shipped_runtime()

import sympy  # noqa: E402
from latex2sympy2_extended import latex2sympy  # noqa: E402
from latex2sympy2_extended.math_normalization import (  # noqa: E402
    NormalizationConfig,
    normalize_latex,
)
from math_verify import verify  # noqa: E402
from math_verify.grader import should_treat_as_complex  # noqa: E402

from passk.domains.math import numerals  # noqa: E402
from passk.domains.math.brackets import is_balanced  # noqa: E402
from passk.domains.math.comparing import UnreadableError  # noqa: E402
from passk.domains.math.numeric import FAULTS, close, close_complex, real_roots  # noqa: E402
from passk.domains.math.options import MathOptions  # noqa: E402

# Of Math-Verify's own normalisation: not its units (it takes `3t` for 3), and no boxes.
_NORMALISE = NormalizationConfig(
    basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="none"
)
_UNREADABLE = re.compile(
    r"\?|\\(?:to|Rightarrow|leftarrow|text|ldots|boxed|square|blacksquare)(?![A-Za-z])|"
    r"\\(?:begin|end)\{(?!.?matrix|cases)|\\end(?!\{)|\d\s+\d|(?<![A-Za-z0-9}\])!])\(\d+\)\s*\(\d+\)$|^\s*$|\\sqrt$|[+\-*/^_]$"
)
_PRIMED = re.compile(r"([A-Za-z])('{1,4})")
_ENERGY = re.compile(r"(?<![A-Za-z\\])E(?![A-Za-z])")  # the parser takes it for Euler's number
_SUN = re.compile(r"_\s?\{?\s?\\(?:odot|oplus)\s?\}?")
_DERIVATIVE = re.compile(
    r"\\frac\{\s*d\s*(?:\^\{?(\d)\}?)?\s*([A-Za-z])?\s*\}\{\s*d\s*([A-Za-z])\s*(?:\^\{?\d\}?)?\s*\}"
)
_LOGIC = {"cup": "+", "lor": "+", "cap": r"\cdot ", "land": r"\cdot ", "lnot": "-", "neg": "-"}
_LOGICAL = re.compile(r"\\(cup|lor|cap|land|lnot|neg)(?![A-Za-z])")
_DEGREES = re.compile(r"(\d+(?:\.\d+)?)\s*\^\{\\circ\}")
_SUBSCRIPT_TEXT = re.compile(r"_\s?\{\s*\\text\s*\{([^{}]*)\}\s*\}|_\s?\\text\s*\{([^{}]*)\}")
_FACTOR = re.compile(r"(?<=\d)\s*\\frac\{(\d+)\}\{(\d+)\}")
# A whole number by a power of ten, which a float would hold to 15 digits alone.
_POWER_OF_TEN = re.compile(
    r"(?<![\w.^}\\])(\d{1,30})(?:\.(\d{1,30}))? ?\\times 10\^\{(\d{1,2})\}(?![\d.^{])"
)
_LONGEST = 1000  # characters of a formula that is parsed: the parser takes seconds for more
_COMMAND = re.compile(r"\\[A-Za-z]+")
_LETTER = re.compile(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])|(?<=[A-Z])[A-Z]")


def quiet() -> None:
    """Silence the warnings that Math-Verify's own time limits are off."""
    logging.getLogger("math_verify").setLevel(logging.ERROR)


def _prepared(formula: str) -> str:
    """A canonical formula as latex2sympy reads it as it is meant."""
    formula = _SUBSCRIPT_TEXT.sub(
        lambda m: "_{" + re.sub(r"\W", "", m[1] or m[2] or "")[:1] + "}", formula
    )
    if len(formula) > _LONGEST or _UNREADABLE.search(formula) or not is_balanced(formula):
        raise UnreadableError(formula)
    formula = _SUN.sub("_{o}", _ENERGY.sub(r"\\Xi ", formula).replace(r"\hbar", "h_{88}"))
    formula = _POWER_OF_TEN.sub(_whole, _DERIVATIVE.sub(_derivative, formula))
    formula = _DEGREES.sub(r"\\frac{\1\\pi}{180}", formula)
    formula = _PRIMED.sub(lambda match: f"{match[1]}_{{{900 + len(match[2])}}}", formula)
    return _FACTOR.sub(_mixed_or_factor, formula)


def _derivative(match: re.Match[str]) -> str:
    """A derivative is a symbol of its own: the parser takes y for a constant."""
    letters = sum(1000**place * ord(letter or "0") for place, letter in enumerate(match.groups()))
    return rf"\Upsilon_{{{letters}}}"


def _whole(match: re.Match[str]) -> str:
    decimals = match[2] or ""
    zeros = int(match[3]) - len(decimals)
    return match[0] if zeros < 0 else f"{match[1]}{decimals}{'0' * zeros}"


def _mixed_or_factor(match: re.Match[str]) -> str:
    """Beside an integer, a proper fraction makes a mixed number, an improper one is a factor."""
    improper = int(match[1]) >= int(match[2]) or not int(match[1])
    return (r" \cdot " if improper else "") + rf"\frac{{{match[1]}}}{{{match[2]}}}"


@lru_cache(maxsize=8192)
def parse(formula: str) -> Any:  # noqa: ANN401
    """The SymPy expression of a canonical formula.

    Raises:
        UnreadableError: no parser reads it.
        MemoryError, RecursionError: the grader is at fault, not the answer.
    """
    if _LOGICAL.search(formula) and not re.search(r"[\d\[\]{]", formula):
        # Of sets and statements by name, as an algebra of Boole: what is equal here is equal there.
        formula = _LOGICAL.sub(lambda match: _LOGIC[match[1]], formula)
    text = normalize_latex(_prepared(formula), config=_NORMALISE)
    try:
        return latex2sympy(text, is_real=not should_treat_as_complex(text), convert_degrees=False)
    except FAULTS:
        raise
    except Exception as error:
        raise UnreadableError(formula) from error


def _distinguished(gold: str, answer: str) -> tuple[str, str]:
    """Formulas in which `R` and `r` stay different: the parser folds case.

    Only where one formula has both: elsewhere people write `N` for `n`.
    """
    letters = [set(_LETTER.findall(_COMMAND.sub(" ", text))) for text in (gold, answer)]
    both = {
        letter
        for names in letters
        for letter in names
        if letter.isupper() and letter.lower() in names
    }
    for letter in both:
        pattern = re.compile(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z_])")
        gold, answer = (pattern.sub(rf"{letter}_{{99}}", text) for text in (gold, answer))
    return gold, answer


def same_formula(gold: str, answer: str, options: MathOptions) -> bool:
    """Whether two canonical formulas are equal.

    Raises:
        UnreadableError: one cannot be read; its argument `gold` says which.
    """
    if (plain := numerals.same_plainly(gold, answer, options.float_rounding)) is not None:
        return plain
    if ("vmatrix" in gold) != ("vmatrix" in answer):
        return False
    gold, answer = _distinguished(gold, answer)
    try:
        left = parse(gold)
    except UnreadableError as error:
        raise UnreadableError("gold") from error
    try:
        right = parse(answer)
    except UnreadableError as error:
        raise UnreadableError("answer") from error
    return equal(left, right, options)


def equal(left: Any, right: Any, options: MathOptions) -> bool:  # noqa: ANN401
    """Whether two SymPy expressions are equal."""
    if isinstance(left, sympy.Expr) and isinstance(right, sympy.Expr):
        left, right = real_roots(left), real_roots(right)
        agree = close(left, right, options.float_rounding)
        if agree or (agree is not None and options.strict):
            return agree or close_complex(left, right, options.float_rounding)
    return verified(left, right, options)


def verified(left: object, right: object, options: MathOptions) -> bool:
    """Whether Math-Verify takes two SymPy expressions for equal."""
    try:
        return bool(
            verify(
                left,
                right,
                float_rounding=options.float_rounding,
                numeric_precision=options.numeric_precision,
                strict=options.strict,
                allow_set_relation_comp=options.allow_set_relation_comp,
                timeout_seconds=None,
                raise_on_error=True,
            )
        )
    except FAULTS:
        raise
    except Exception:  # not comparable: what `verify` does by default, less the faults
        return False
