"""Whether equations and inequalities say the same. Imported in worker processes only."""

import sympy

from passk.domains.math.algebra import parse, verified
from passk.domains.math.comparing import UnreadableError
from passk.domains.math.numeric import FAULTS
from passk.domains.math.options import MathOptions


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
            return verified(sympy.Eq(*map(parse, gold)), sympy.Eq(*map(parse, answer)), options)
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
    except FAULTS:
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
