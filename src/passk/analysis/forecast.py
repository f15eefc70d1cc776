"""What pass@k will be past the samples at hand: a zero-inflated Beta-Binomial over problems.

A problem is out of reach with probability z, else its success rate p is drawn from Beta(a, b), and
c of n samples are correct, Binomial(n, p). Then `E[(1-p)^k] = B(a, b+k) / B(a, b)`, so that

    pass@k = (1 - z) (1 - B(a, b + k) / B(a, b))        (arXiv 2510.05197, eq. 6, for z = 0)

for every k, also past n. Fitted by likelihood and not by a line through log pass@k, which weighs
the k that say least (arXiv 2407.21787 fits such lines; 2502.17578 says when they hold).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import betaincc, betaln, digamma, expit, gammaln

from passk.analysis.metrics import Floats, Integers

# Searched for log a, log b and logit z: success rates from 1e-6 upwards, and all but none inflated.
_BOUNDS = ((-7.0, 7.0), (-7.0, 9.0), (-12.0, 6.0))
_STARTS = ((0.0, 0.0, -2.0), (-1.5, 1.5, -2.0), (-1.5, 1.5, 0.0), (1.0, 3.0, 0.0))


@dataclass(frozen=True)
class SuccessDistribution:
    """How success rates are spread over problems.

    Attributes:
        a: first parameter of the Beta distribution.
        b: second parameter.
        zero: share of problems that are out of reach.
        log_likelihood: of the counts it was fitted to, in nats.
    """

    a: float
    b: float
    zero: float
    log_likelihood: float

    def pass_at_k(self, k: ArrayLike) -> Floats:
        """Expected pass@k of a problem drawn from the distribution, any k >= 0.

        Example:
            >>> SuccessDistribution(1.0, 1.0, 0.5, 0.0).pass_at_k([1, 3]).round(6).tolist()
            [0.25, 0.375]
        """
        k = np.asarray(k, dtype=np.float64)
        unsolved = np.exp(betaln(self.a, self.b + k) - betaln(self.a, self.b))
        return np.asarray((1 - self.zero) * (1 - unsolved))

    def reach(self, n: ArrayLike, c: ArrayLike) -> Floats:
        """P(a problem is not out of reach | c of n): 1 where it was solved, less where never.

        Example:
            >>> SuccessDistribution(1.0, 1.0, 0.5, 0.0).reach([1, 1], [0, 1]).round(6).tolist()
            [0.333333, 1.0]
        """
        n, c = np.asarray(n, dtype=np.float64), np.asarray(c, dtype=np.float64)
        never = np.exp(betaln(self.a, self.b + n) - betaln(self.a, self.b)) * (1 - self.zero)
        return np.where(c > 0, 1.0, never / (never + self.zero))

    def exceeds(self, n: ArrayLike, c: ArrayLike, tau: ArrayLike) -> Floats:
        """P(p >= tau | c of n) of problems from this distribution; tau in (0, 1).

        Cover@tau (arXiv 2510.08325) without the bias that c/n >= tau has at small n.
        """
        n, c = np.asarray(n, dtype=np.float64), np.asarray(c, dtype=np.float64)
        return np.asarray(self.reach(n, c) * betaincc(self.a + c, self.b + n - c, tau))

    def solved_again(self, n: ArrayLike, c: ArrayLike, again: ArrayLike) -> Floats:
        """P(some of `again` further samples is correct | c of n); another draw of the same model.

        Example:
            >>> SuccessDistribution(1.0, 1.0, 0.0, 0.0).solved_again(1, 1, 1).round(6).item()
            0.666667
        """
        n, c = np.asarray(n, dtype=np.float64), np.asarray(c, dtype=np.float64)
        a, b = self.a + c, self.b + n - c
        return np.asarray(self.reach(n, c) * (1 - np.exp(betaln(a, b + again) - betaln(a, b))))


def fit(n: ArrayLike, c: ArrayLike) -> SuccessDistribution:
    """The distribution under which the counts are most likely.

    Args:
        n: (M,) samples per problem.
        c: (M,) correct ones among them.

    Raises:
        ValueError: no problems, or counts that no experiment gives.
    """
    n, c = (np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (n, c))
    if n.size == 0:
        raise ValueError("no problems: a distribution over them cannot be fitted")
    if (c < 0).any() or (c > n).any():
        raise ValueError(f"correct samples must lie between 0 and n: c = {c.tolist()}")
    # Equal counts are one term with a weight: sets of a thousand problems have a hundred kinds.
    kinds, weights = np.unique(np.stack([n, c]), axis=1, return_counts=True)

    def loss(point: Floats) -> tuple[float, Floats]:
        values, slopes = _log_likelihoods(point, kinds[0], kinds[1])
        return -float(values @ weights), -(slopes @ weights)

    found = [minimize(loss, at, method="L-BFGS-B", jac=True, bounds=_BOUNDS) for at in _STARTS]
    best = min(found, key=lambda result: float(result.fun))
    a, b = np.exp(best.x[:2])
    return SuccessDistribution(float(a), float(b), float(expit(best.x[2])), -float(best.fun))


def _log_likelihoods(point: Floats, n: Floats, c: Floats) -> tuple[Floats, Floats]:
    """Of each kind of count under (log a, log b, logit z), and their (3, kinds) derivatives.

    With B = chance of c under the Beta-Binomial, a problem that was solved has log((1-z) B), one
    that never was log(z + (1-z) B); in the second the derivatives are weighed by the share
    w = (1-z) B / (z + (1-z) B) that the Beta-Binomial has in it.
    """
    a, b, zero = np.exp(point[0]), np.exp(point[1]), expit(point[2])
    choose = gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1)
    reached = np.log1p(-zero) + choose + betaln(a + c, b + n - c) - betaln(a, b)
    value = np.where(c == 0, np.logaddexp(np.log(zero), reached), reached)
    share = np.exp(reached - value)
    both = digamma(a + b) - digamma(a + b + n)
    return value, np.stack(
        [
            share * a * (digamma(a + c) - digamma(a) + both),
            share * b * (digamma(b + n - c) - digamma(b) + both),
            (1 - share) * (1 - zero) - share * zero,
        ]
    )


def thin(n: ArrayLike, c: ArrayLike, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Half of the samples of each problem, drawn without replacement: (n // 2, correct among them).

    A forecast from one half is scored on what the whole shows.
    """
    n, c = (np.atleast_1d(np.asarray(x, dtype=np.int64)) for x in (n, c))
    return n // 2, rng.hypergeometric(c, n - c, n // 2)
