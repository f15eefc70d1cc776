"""How wide an interval a number of problems and of samples buys, before any is drawn.

Success probabilities p of a set's problems are taken to be Beta(a, b). A problem's estimate of
pass@k from n samples is `1 - C(n-c, k) / C(n, k)`, c ~ BetaBinomial(n, a, b); its variance V over
problems and samples is a finite sum over c, exact. The mean over M problems has the half-width

    z * e(M) * sqrt(V / M)

with e(M) the expansion of the analyses' own intervals for few problems (Student's t for the normal
quantile, M - 1 for M; `passk.analysis.bootstrap.expansion`). As n grows, V falls to the variance
of `1 - (1 - p)^k` alone: from there on only more problems help. The half-width of a difference of
two draws on the same problems is at most `sqrt(V1 + V2)` in place of `sqrt(V)`, where a problem
that is hard for one is not easy for the other; pairing makes it smaller by as much as the two agree
on which are hard, which is not known beforehand.
"""

from functools import cache
from math import lgamma
from statistics import NormalDist

import numpy as np

from passk.analysis.bootstrap import expansion
from passk.analysis.metrics import Floats, Integers, pass_at_k


def beta_binomial(n: int, a: float, b: float) -> Floats:
    """Chances of c = 0 ... n correct samples where p ~ Beta(a, b).

    `C(n, c) B(c + a, n - c + b) / B(a, b)`.

    Example:
        >>> beta_binomial(3, 1.0, 1.0).round(6).tolist()  # uniform p: every count is as likely
        [0.25, 0.25, 0.25, 0.25]
    """

    def log_beta(x: float, y: float) -> float:
        return lgamma(x) + lgamma(y) - lgamma(x + y)

    logs = [
        lgamma(n + 1) - lgamma(c + 1) - lgamma(n - c + 1) + log_beta(c + a, n - c + b)
        for c in range(n + 1)
    ]
    return np.exp(np.array(logs) - log_beta(a, b))


@cache
def expected_variance(n: int, k: int, a: float, b: float) -> float:
    """Variance of a problem's estimate of pass@k, over problems and samples.

    Args:
        n: samples of a problem.
        k: attempts, at most n.
        a: of the Beta distribution of success probabilities, whose mean is a / (a + b).
        b: of the same.

    Example:
        >>> round(expected_variance(1, 1, 0.5, 0.5), 4)  # one sample: a coin of mean 1/2
        0.25
    """
    weights = beta_binomial(n, a, b)
    values = pass_at_k(n, np.arange(n + 1), k)
    mean = float(weights @ values)
    return float(weights @ (values - mean) ** 2)


def measured_variance(n: Integers, c: Integers, k: int) -> float:
    """The same from a table of counts: one n and c for each problem."""
    return float(np.var(pass_at_k(n, c, np.minimum(k, n))))


def half_width(variance: float, problems: int, level: float) -> float:
    """Half of the interval of a mean over problems; NaN for fewer than two.

    Example:
        >>> round(half_width(0.25, 100, 0.95), 4), round(half_width(0.25, 400, 0.95), 4)
        (0.0997, 0.0492)
    """
    if problems < 2:
        return float("nan")
    z = NormalDist().inv_cdf((1.0 + level) / 2)
    return float(z * expansion(problems, level) * np.sqrt(variance / problems))
