"""Limits and exact tests of counts: a proportion, problem against problem, many at once."""

from math import comb
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from passk.analysis.metrics import Floats, pass_at_k

_AT_ONCE = 1000  # flips of all problems that are held in memory


def wilson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval for a proportion (Wilson 1927), for one answer per problem.

    Example:
        >>> tuple(round(limit, 4) for limit in wilson(8, 10))
        (0.4902, 0.9433)
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} successes in {trials} trials: no such proportion")
    z = NormalDist().inv_cdf((1.0 + level) / 2)
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = (
        z / (1 + z * z / trials) * np.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    )
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def compute_luck(c: ArrayLike, n_other: ArrayLike, n: ArrayLike) -> Floats:
    """Chance that all c correct samples fall to one model if both are equally good at a problem.

    Fisher's exact test where the other model solved none of its n_other samples:
    `C(n, c) / C(n + n_other, c)`, one-sided.

    Args:
        c: correct samples of the one model.
        n_other: samples of the other, none of them correct.
        n: samples of the one.

    Example:
        >>> compute_luck([0, 1, 2], 4, 4).round(6).tolist()  # 1, 4/8, C(4, 2) / C(8, 2)
        [1.0, 0.5, 0.214286]
    """
    n, n_other = np.asarray(n, dtype=np.int64), np.asarray(n_other, dtype=np.int64)
    return 1.0 - pass_at_k(n + n_other, c, n_other)


def sign_test(more: int, fewer: int) -> float:
    """Chance of at least so many of all discordant problems on one side, were sides equal.

    McNemar's exact test, one-sided: P(X >= more), X ~ Binomial(more + fewer, 1/2).

    Example:
        >>> sign_test(3, 0), sign_test(1, 1), sign_test(0, 0)
        (0.125, 0.75, 1.0)
    """
    total = more + fewer
    return sum(comb(total, i) for i in range(more, total + 1)) / 2**total


def sign_flip_p(differences: ArrayLike, flips: int, rng: np.random.Generator) -> Floats:
    """Two-sided randomisation test that two draws are of one model, by flipping signs of problems.

    Were they, which draw is which would be chance at every problem, and each difference as likely
    with either sign (Fisher 1935, section 21): `(1 + flips that reach the sum seen) / (1 + flips)`
    keeps its level exactly, at any k and however few problems differ. Where all differences are -1,
    0 or 1 it is McNemar's exact test.

    Args:
        differences: (M, K) of the single problems.
        flips: how many are drawn.
        rng: that draws them.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> [p] = sign_flip_p([[1.0]] * 3 + [[0.0]] * 9, 4000, rng)
        >>> bool(abs(p - 0.25) < 0.03)  # both tails of 3 against none
        True
    """
    values = np.asarray(differences, dtype=np.float64)
    # Sums of one kind differ in their last bits; equal ones count as reached.
    seen = np.abs(values.sum(axis=0)) - 1e-9
    reached = np.zeros(values.shape[1], dtype=np.int64)
    for start in range(0, flips, _AT_ONCE):
        size = (min(_AT_ONCE, flips - start), len(values))
        signs = rng.integers(2, size=size) * 2.0 - 1.0
        reached += (np.abs(signs @ values) >= seen).sum(axis=0)
    return np.asarray((1 + reached) / (1 + flips))


def count_told_apart(chances: ArrayLike, level: float = 0.95) -> int:
    """How many of several tests hold at once, by Holm's step-down (Holm 1979).

    Args:
        chances: one p-value per test.
        level: 1 less the chance of one wrong rejection among them.

    Example:
        >>> count_told_apart([0.01, 0.02, 0.04, 0.9]), count_told_apart([0.001, 0.01, 0.04, 0.9])
        (1, 2)
    """
    ordered = np.sort(np.asarray(chances, dtype=np.float64))
    holds = ordered <= (1.0 - level) / np.arange(len(ordered), 0, -1)
    return int(len(holds) if holds.all() else holds.argmin())


def mcnemar_mid_p(more: int, fewer: int) -> float:
    """Two-sided McNemar test with the mid-p value, for problems that one of two draws solves.

    `2 (P(X < x) + P(X = x) / 2)`, X ~ Binomial(more + fewer, 1/2), x the smaller of both: half of
    the chance of what was seen counts (Fagerland, Lydersen & Laake 2013, section 3.4). The exact
    test keeps its level always and is far below it for few problems; mid-p keeps it on average.

    Example:
        >>> mcnemar_mid_p(3, 0), mcnemar_mid_p(5, 0), mcnemar_mid_p(2, 2), mcnemar_mid_p(0, 0)
        (0.125, 0.03125, 1.0, 1.0)
    """
    total, smaller = more + fewer, min(more, fewer)
    below = sum(comb(total, i) for i in range(smaller))
    return (2 * below + comb(total, smaller)) / 2**total


def count_beyond_luck(
    solver: tuple[ArrayLike, ArrayLike], other: tuple[ArrayLike, ArrayLike], level: float = 0.975
) -> int:
    """How many of the problems that one draw solves alone are more than luck, taken together.

    Two draws of one model have such problems too. Given the correct samples t of both draws on a
    problem, all of them fall to the solver with chance `C(n, t) / C(n + n_other, t)` where both are
    equally good at it, and with less where the other is better. So the number of problems solved
    alone by luck is at most a sum of independent Bernoulli variables with these chances, whose
    exact quantile is subtracted from the number seen: a lower limit for the problems solved alone
    that the solver is truly better at (Genovese & Wasserman 2004 bound false discoveries alike).

    Args:
        solver: (n, c) of the draw that solves them, each (M,).
        other: (n, c) of the other.
        level: with which the limit holds, whatever the success rates are.

    Example:
        >>> count_beyond_luck(([8] * 9, [8] * 9), ([8] * 9, [0] * 9))
        9
        >>> count_beyond_luck(([8] * 9, [1] * 9), ([8] * 9, [0] * 9))  # tosses: 7 are luck
        2
    """
    (n, c), (n_other, c_other) = (
        tuple(np.asarray(x, dtype=np.int64) for x in draw) for draw in (solver, other)
    )
    chances = compute_luck(c + c_other, n_other, n)[c + c_other > 0]
    masses = np.ones(1)
    for chance in chances[chances > 0]:
        masses = np.append(masses, 0.0) * (1 - chance) + np.append(0.0, masses) * chance
    by_luck = int(np.argmax(np.cumsum(masses) >= level - 1e-12)) if len(masses) > 1 else 0
    return max(0, int(((c > 0) & (c_other == 0)).sum()) - by_luck)
