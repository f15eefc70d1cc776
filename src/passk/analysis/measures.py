"""Measures of the literature from the counts of problems, beside pass@k, all by one kernel.

| measure | asks | source |
|---|---|---|
| pass^k | are all of k samples correct? | tau-bench, arXiv 2406.12045 |
| G-Pass@k_tau | are at least tau k of k samples correct? | arXiv 2412.13147, eq. 4 |
| mG-Pass@k | the same, averaged over tau in (.5, 1] | arXiv 2412.13147, eq. 6 |
| Cover@tau | is the problem solved with probability tau or more? | arXiv 2510.08325 |
| Bayes@N | how well are *these* problems solved? | arXiv 2510.04265 |

Every function takes the counts of single problems; a set's value is the mean over its problems.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from passk.analysis.metrics import Floats, at_least


def pass_hat_k(n: ArrayLike, c: ArrayLike, k: ArrayLike) -> Floats:
    """pass^k: unbiased estimate of the chance that all of k samples are correct.

    `C(c, k) / C(n, k)` (arXiv 2406.12045, section 3).

    Args:
        n: samples per problem, any shape that broadcasts with the others.
        c: correct ones among them.
        k: samples drawn. NaN where k > n.

    Example:
        >>> float(pass_hat_k(10, 5, 2).round(6))  # C(5, 2) / C(10, 2) = 10 / 45
        0.222222
    """
    return at_least(n, c, k, k)


def g_pass_at_k(n: ArrayLike, c: ArrayLike, k: ArrayLike, tau: float) -> Floats:
    """G-Pass@k_tau: chance that at least `ceil(tau k)` of k samples are correct.

    `sum_{j >= ceil(tau k)} C(c, j) C(n-c, k-j) / C(n, k)` (arXiv 2412.13147, eq. 4); tau near 0 is
    pass@k (one correct sample is asked for), tau = 1 is pass^k.

    Args:
        n: samples per problem, any shape that broadcasts with c and k.
        c: correct ones among them.
        k: samples drawn. NaN where k > n.
        tau: share of the k samples, in [0, 1].

    Raises:
        ValueError: tau is no share.

    Example:
        >>> float(g_pass_at_k(4, 2, 2, 1.0).round(6))  # both: C(2, 2) / C(4, 2)
        0.166667
        >>> float(g_pass_at_k(4, 2, 2, 0.5).round(6))  # one of two: 1 - 1/6
        0.833333
    """
    if not 0 <= tau <= 1:
        raise ValueError(f"tau = {tau}: a share of samples lies in [0, 1]")
    # 0.1 * 30 is 3.0000000000000004 in floating point; its ceiling must be 3.
    asked = np.maximum(np.ceil(np.asarray(k) * tau - 1e-9), 1)
    return at_least(n, c, k, asked.astype(np.int64))


def mg_pass_at_k(n: ArrayLike, c: ArrayLike, k: int) -> Floats:
    """mG-Pass@k: the mean of G-Pass@k_tau over tau in (.5, 1], as a sum over whole samples.

    `(2 / k) sum_{i = ceil(k/2)+1}^{k} G-Pass@k_{i/k}` (arXiv 2412.13147, eq. 6).

    Args:
        n: (M,) samples per problem.
        c: (M,) correct ones among them.
        k: samples drawn, one number. NaN where k > n.

    Example:
        >>> float(mg_pass_at_k(4, 4, 4)), float(mg_pass_at_k(4, 0, 4))
        (1.0, 0.0)
        >>> float(mg_pass_at_k(8, 6, 4).round(6))  # (P(X >= 3) + P(X = 4)) / 2
        0.5
    """
    asked = np.arange(-(-k // 2) + 1, k + 1)
    tails = at_least(np.asarray(n)[..., None], np.asarray(c)[..., None], k, asked)
    return np.asarray(tails.sum(axis=-1) * 2 / k)


def cover_at_tau(n: ArrayLike, c: ArrayLike, tau: ArrayLike) -> Floats:
    """Cover@tau, plug-in: whether the share c/n of correct samples is at least tau (0 or 1).

    The share of problems with success rate >= tau (arXiv 2510.08325), biased where n is small: a
    problem with p a little below tau passes by luck. `SuccessDistribution.exceeds`
    (`passk.analysis.forecast`) says how sure one may be.

    Example:
        >>> cover_at_tau(8, [3, 4], 0.5).tolist()
        [0.0, 1.0]
    """
    n, c = np.asarray(n, dtype=np.float64), np.asarray(c, dtype=np.float64)
    return (c >= np.asarray(tau) * n - 1e-9).astype(np.float64)


def bayes_at_n(n: ArrayLike, c: ArrayLike) -> tuple[float, float]:
    """Bayes@N: mean success rate of *these* problems, and its standard deviation.

    The posterior of each problem's p under a uniform prior is Beta(c + 1, n - c + 1), and problems
    are fixed, not drawn from a population: mean `(c+1) / (n+2)`, variance
    `(c+1)(n-c+1) / ((n+2)^2 (n+3))` (arXiv 2510.04265, eq. 3 and 4 for two outcomes). The interval
    of a fixed benchmark; one for problems like these is wider.

    Args:
        n: (M,) samples per problem.
        c: (M,) correct ones among them.

    Returns:
        Mean over problems of the posterior means; standard deviation of that mean.

    Example:
        >>> mean, sd = bayes_at_n([8, 8], [8, 0])
        >>> round(mean, 6), round(sd, 6)  # means .9 and .1, variances 9 / 1100
        (0.5, 0.06396)
    """
    n, c = (np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (n, c))
    if n.size == 0:
        raise ValueError("no problems: the mean of no values is not defined")
    mean = (c + 1) / (n + 2)
    variance = mean * (1 - mean) / (n + 3)
    return float(mean.mean()), float(np.sqrt(variance.sum()) / n.size)


def bayes_interval(n: ArrayLike, c: ArrayLike, level: float) -> tuple[float, float, float]:
    """Bayes@N with limits of a normal distribution: posterior mean, lower and upper limit.

    Example:
        >>> tuple(round(x, 3) for x in bayes_interval([8, 8], [8, 0], 0.95))
        (0.5, 0.375, 0.625)
    """
    mean, sd = bayes_at_n(n, c)
    half = NormalDist().inv_cdf((1 + level) / 2) * sd
    return mean, max(0.0, mean - half), min(1.0, mean + half)
