"""Whether two formulas are equal, by Math-Verify 0.9.0 and SymPy. Imported in worker processes only.

Math-Verify parses and compares; what it says is then checked with numbers, because it compares to
six decimals whatever their size, and gives up where SymPy does not simplify. Its own time limits
are off: they use SIGALRM, work in a main thread only, and turn a timeout into a silent "wrong". The
worker has a hard limit instead.
"""

import logging
import re
from fractions import Fraction
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
from math_verify.parser import get_last_eq  # noqa: E402

from passk.domains.math import numerals  # noqa: E402
from passk.domains.math.brackets import is_balanced  # noqa: E402
from passk.domains.math.comparing import UnreadableError  # noqa: E402
from passk.domains.math.options import MathOptions  # noqa: E402

# Of Math-Verify's own normalisation: not its units (it takes `3t` for 3), and no boxes.
_NORMALISE = NormalizationConfig(
    basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="none"
)
_FAULTS = (MemoryError, RecursionError)
_SAFE = re.compile(r"[ \d+\-*/().,^{}a-zA-Z\\'!_|<>=\[\]%&:;?]*")
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
_LONGEST = 1000  # characters of a formula that is parsed: the parser takes seconds for more
_DIGITS = 60  # of numeric checks
_EXACT = 30
_POINTS = ("-23/7", "31/9", "5/13", "-2/11", "97/10")


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
    formula = _DERIVATIVE.sub(_derivative, formula)
    formula = _DEGREES.sub(r"\\frac{\1\\pi}{180}", formula)
    formula = _PRIMED.sub(lambda match: f"{match[1]}_{{{900 + len(match[2])}}}", formula)
    return _FACTOR.sub(_mixed_or_factor, formula)


def _derivative(match: re.Match[str]) -> str:
    """A derivative is a symbol of its own: the parser takes y for a constant."""
    letters = sum(1000**place * ord(letter or "0") for place, letter in enumerate(match.groups()))
    return rf"\Upsilon_{{{letters}}}"


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
    except _FAULTS:
        raise
    except Exception as error:
        raise UnreadableError(formula) from error


def _distinguished(gold: str, answer: str) -> tuple[str, str]:
    """Formulas in which `R` and `r` stay different: the parser folds case.

    Only where one formula has both: elsewhere people write `N` for `n`.
    """
    letters = [set(re.findall(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])|(?<=[A-Z])[A-Z]", text)) for text in
               (re.sub(r"\\[A-Za-z]+", " ", gold), re.sub(r"\\[A-Za-z]+", " ", answer))]  # fmt: skip
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
        left, right = _real_roots(left), _real_roots(right)
        close = _close(left, right, options)
        if close is not None:
            return close or _close_complex(left, right, options)
    return _verified(left, right, options)


def _verified(left: object, right: object, options: MathOptions) -> bool:
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
    except _FAULTS:
        raise
    except Exception:  # not comparable: what `verify` does by default, less the faults
        return False


def _real_roots(expression: sympy.Expr) -> sympy.Expr:
    """Odd roots of negative numbers are real: the cube root of -8 is -2."""

    def odd_root(part: sympy.Basic) -> bool:
        if not part.is_Pow or not part.args[0].is_number:
            return False
        power = sympy.nsimplify(part.args[1]) if part.args[1].is_number else part.args[1]
        return bool(
            power.is_Rational and power.q % 2 == 1 and power.q > 1 and part.args[0].is_negative
        )

    def real(part: sympy.Basic) -> sympy.Basic:
        power = sympy.nsimplify(part.args[1])
        return (-1) ** power.p * (-part.args[0]) ** power

    try:
        return expression.replace(odd_root, real) if expression.has(sympy.Pow) else expression
    except _FAULTS:
        raise
    except Exception:
        return expression


def _number(expression: sympy.Expr) -> complex | sympy.Expr | None:
    """Its value to many digits; None where it has none."""
    value = expression.evalf(_DIGITS, maxn=400)
    parts = value.as_real_imag()
    return value if all(part.is_Float or part.is_Rational for part in parts) else None


def _close_complex(left: sympy.Expr, right: sympy.Expr, options: MathOptions) -> bool:
    """The same, where `i` is the imaginary unit."""
    units = {
        symbol: sympy.I for symbol in left.free_symbols | right.free_symbols if str(symbol) == "i"
    }
    if not units:
        return False
    try:
        return bool(_close(left.subs(units), right.subs(units), options))
    except _FAULTS:
        raise
    except Exception:
        return False


def _close(left: sympy.Expr, right: sympy.Expr, options: MathOptions) -> bool | None:
    """Whether values agree, at points where there are variables; None where none can be told."""
    if _hard(left) or _hard(right):
        return None
    try:
        left, right = left.doit(), right.doit()
        if left == right:
            return True
        if left.is_Rational and right.is_Rational:
            return False
        symbols = sorted({str(s) for s in left.free_symbols | right.free_symbols})
        if not symbols:
            return _close_numbers(left, right, options)
        return _close_at_points(left, right, symbols)
    except _FAULTS:
        raise
    except Exception:
        return None


def _hard(expression: sympy.Expr) -> bool:
    """Whether numbers do not decide: limits, sums, integrals, unknown functions, infinities."""
    kinds = (
        sympy.Limit, sympy.Sum, sympy.Product, sympy.Integral, sympy.Derivative, sympy.MatrixBase,
        sympy.MatrixExpr, sympy.core.function.AppliedUndef, sympy.zoo.__class__,
        sympy.oo.__class__, (-sympy.oo).__class__, sympy.nan.__class__,
    )  # fmt: skip
    return bool(expression.has(*kinds)) or isinstance(expression, sympy.MatrixExpr)


def _close_numbers(left: sympy.Expr, right: sympy.Expr, options: MathOptions) -> bool | None:
    one, other = _number(left), _number(right)
    if one is None or other is None:
        return None
    floats = left.has(sympy.Float) or right.has(sympy.Float)
    if floats:
        return all(
            numerals.close(_fraction(a), _fraction(b), options.float_rounding)
            for a, b in zip(one.as_real_imag(), other.as_real_imag(), strict=True)
        )
    largest = max(abs(one), abs(other))
    if largest > sympy.Float(10) ** 300:
        return None
    gap = abs((left - right).evalf(_EXACT, maxn=400))
    return bool(gap <= largest * sympy.Float(10) ** -_EXACT and gap < sympy.Float(10) ** -20)


def _fraction(value: sympy.Expr) -> Fraction:
    rational = sympy.Rational(value)
    return Fraction(int(rational.p), int(rational.q))


def _close_at_points(left: sympy.Expr, right: sympy.Expr, symbols: list[str]) -> bool | None:
    """Whether two formulas agree wherever both are real, at a few points."""
    if {str(s) for s in left.free_symbols} != {str(s) for s in right.free_symbols}:
        left, right = sympy.simplify(left), sympy.simplify(right)
    tolerance = 1e-6 if left.has(sympy.Float) or right.has(sympy.Float) else 1e-20
    compared = 0
    for shift in range(len(_POINTS)):
        point = {
            name: sympy.Rational(_POINTS[(place + shift) % len(_POINTS)]) + place // len(_POINTS)
            for place, name in enumerate(symbols)
        }
        values = []
        for side in (left, right):
            value = side.subs({s: point[str(s)] for s in side.free_symbols}).evalf(_EXACT)
            values.append(value if value.is_number and value.is_finite else None)
        if values[0] is None and values[1] is None:
            continue
        if values[0] is None or values[1] is None:
            return None
        compared += 1
        largest = max(abs(values[0]), abs(values[1]))
        if abs(values[0] - values[1]) > tolerance * max(largest, sympy.Float("1e-30")):
            return False
    return True if compared >= 2 else None


def same_equation(gold: tuple[str, str], answer: tuple[str, str], options: MathOptions) -> bool:
    """Whether two equations say the same: one is a multiple of the other, or both have the same
    solutions, and at least one.

    Raises:
        UnreadableError: see `same_formula`.
    """  # noqa: D205
    differences = []
    for side, pair in (("gold", gold), ("answer", answer)):
        try:
            left, right = (parse(member) for member in pair)
        except UnreadableError as error:
            raise UnreadableError(side) from error
        if not isinstance(left, sympy.Expr) or not isinstance(right, sympy.Expr):
            return _verified(sympy.Eq(*map(parse, gold)), sympy.Eq(*map(parse, answer)), options)
        differences.append(left - right)
    ratio = sympy.simplify(differences[0] / differences[1]) if differences[1] != 0 else sympy.S(0)
    if ratio.is_number:
        return bool(ratio.is_finite and not ratio.is_zero) and bool(differences[1].free_symbols)
    return _same_solutions(differences)


def _same_solutions(differences: list[sympy.Expr]) -> bool:
    symbols = differences[0].free_symbols
    if len(symbols) != 1 or symbols != differences[1].free_symbols:
        return False
    try:
        solutions = [sympy.solve(one, *symbols) for one in differences]
    except _FAULTS:
        raise
    except Exception:
        return False
    real = [{s for s in some if s.is_real is not False} for some in solutions]
    return bool(real[0]) and real[0] == real[1]


def sign_of_ratio(gold: tuple[str, str], answer: tuple[str, str]) -> int:
    """Sign of (left - right of gold) over that of the answer where it is constant; else 0."""
    gold_sides, answer_sides = [parse(m) for m in gold], [parse(m) for m in answer]
    if not all(isinstance(side, sympy.Expr) for side in (*gold_sides, *answer_sides)):
        return 0
    ratio = sympy.simplify((gold_sides[0] - gold_sides[1]) / (answer_sides[0] - answer_sides[1]))
    if not ratio.is_number or not ratio.is_finite:
        return 0
    return 1 if ratio.is_positive else -1 if ratio.is_negative else 0


def last_equation(formula: str) -> str:
    """What Math-Verify reads of a chain of equations: its last member."""
    return get_last_eq(formula)
