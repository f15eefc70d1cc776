"""Judging one answer with algebra. Imported in worker processes only: SymPy takes 0.4 s."""

from functools import cache

from passk.domains.math.algebra import quiet, same_formula
from passk.domains.math.comparing import Algebra
from passk.domains.math.comparison import ShapeComparison
from passk.domains.math.equations import same_equation, sign_of_ratio
from passk.domains.math.judgement import judge as judge_by
from passk.domains.math.options import MathOptions
from passk.domains.verdict import Verdict

__all__ = ["judge", "quiet"]


@cache
def _comparison(options: MathOptions) -> ShapeComparison:
    def same(gold: str, answer: str) -> bool:
        return same_formula(gold, answer, options)

    def equation(gold: tuple[str, str], answer: tuple[str, str]) -> bool:
        return same_equation(gold, answer, options)

    return ShapeComparison(
        Algebra(same, equation, sign_of_ratio), relations=options.allow_set_relation_comp
    )


def judge(gold: str, answer: str, options: MathOptions) -> Verdict:
    """Judge one answer, by Math-Verify and SymPy where formulas have to be compared.

    Args:
        gold: the reference answer.
        answer: as it was read of a response.
        options: of the comparison.
    """
    return judge_by(gold, answer, _comparison(options))
