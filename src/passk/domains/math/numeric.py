"""Whether SymPy expressions agree in value. Imported in worker processes only."""

from fractions import Fraction

import sympy

from passk.domains.math import numerals

FAULTS = (MemoryError, RecursionError)
_DIGITS = 60  # of values
_LIMIT = 400  # digits that SymPy may use to reach them
_EXACT = 30  # digits to which exact values agree
_POINTS = ("-23/7", "31/9", "5/13", "-2/11", "97/10")


def real_roots(expression: sympy.Expr) -> sympy.Expr:
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
    except FAULTS:
        raise
    except Exception:
        return expression


def _number(expression: sympy.Expr) -> sympy.Expr | None:
    """Its value to many digits; None where it has none."""
    value = expression.evalf(_DIGITS, maxn=_LIMIT)
    parts = value.as_real_imag()
    return value if all(part.is_Float or part.is_Rational for part in parts) else None


def close_complex(left: sympy.Expr, right: sympy.Expr, decimals: int) -> bool:
    """The same, where `i` is the imaginary unit."""
    units = {
        symbol: sympy.I for symbol in left.free_symbols | right.free_symbols if str(symbol) == "i"
    }
    if not units:
        return False
    try:
        return bool(close(left.subs(units), right.subs(units), decimals))
    except FAULTS:
        raise
    except Exception:
        return False


def close(left: sympy.Expr, right: sympy.Expr, decimals: int) -> bool | None:
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
            return _close_numbers(left, right, decimals)
        return _close_at_points(left, right, symbols)
    except FAULTS:
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


def _close_numbers(left: sympy.Expr, right: sympy.Expr, decimals: int) -> bool | None:
    one, other = _number(left), _number(right)
    if one is None or other is None:
        return None
    floats = left.has(sympy.Float) or right.has(sympy.Float)
    if floats:
        return all(
            numerals.close(_fraction(a), _fraction(b), decimals)
            for a, b in zip(one.as_real_imag(), other.as_real_imag(), strict=True)
        )
    largest = max(abs(one), abs(other))
    if largest > sympy.Float(10) ** 300:
        return None
    gap = abs((left - right).evalf(_EXACT, maxn=_LIMIT))
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
