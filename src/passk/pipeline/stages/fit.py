"""Whether counts of samples fit exact chances: an expectation that can fail."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, chi2

from passk.analysis.metrics import Floats, Integers

# One right sampler in a million draws is called wrong, over all of its problems.
LEVEL = 1e-6


class Misfit(NamedTuple):
    """Why counts do not fit, and the place of the problem that fits worst."""

    reason: str
    problem: int


def find_misfit(
    n: Integers, c: Integers, chance: Floats, unexpanded: Floats, level: float = LEVEL
) -> Misfit | None:
    """Hold counts against chances, problem by problem and all together.

    Args:
        n: (M,) samples.
        c: (M,) right ones.
        chance: (M,) exact, but for what was not expanded.
        unexpanded: (M,) by how much it may be larger.
        level: of each of the two tests: the least likely problem, by an exact binomial test with
            Bonferroni's correction, and the sum of squared z-scores where n p (1 - p) >= 5.

    Returns:
        None where they fit.
    """
    if not len(n):
        return None
    highest = np.minimum(chance + unexpanded, 1.0)
    values = np.array([_test(*row) for row in zip(n, c, chance, highest, strict=True)])
    worst = int(values.argmin())
    if values[worst] < level / len(n):
        return Misfit(f"p = {values[worst]:.1e} for one of {len(n)} problems", worst)
    variance = n * chance * (1 - chance)
    usual: NDArray[np.bool_] = (variance >= 5) & (unexpanded * n < 0.1)
    if usual.any():
        scores = (c - n * chance)[usual] ** 2 / variance[usual]
        value = float(chi2.sf(scores.sum(), usual.sum()))
        if value < level:
            return Misfit(f"chi squared {scores.sum():.1f} over {usual.sum()} problems", worst)
    return None


def _test(n: int, c: int, lowest: float, highest: float) -> float:
    """The likeliest that so extreme a count is, for any chance between the two."""
    if lowest <= c / n <= highest:
        return 1.0
    chance = highest if c / n > highest else lowest
    return float(binomtest(int(c), int(n), float(np.clip(chance, 0.0, 1.0))).pvalue)
