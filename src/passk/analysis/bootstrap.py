"""Pass@k curves and their intervals by a paired two-level bootstrap, with explicit generators.

The estimand is the mean of `1 - (1 - p)^k` over the population that a set's problems are drawn
from. A resample draws problems with replacement (the same ones for every model of a set: that is
the pairing), and for each drawn problem n samples with replacement, c* ~ Binomial(n, c / n).

Deviations from the plain percentile bootstrap, each of which the simulation in
`tests/test_statistics.py` justifies (coverage figures in docs/LOG.md):

1. Recentred. The second level is off centre: resampled counts average to the plug-in value
   `1 - (1 - c/n)^k` (the estimator is unbiased at p = c/n), which is far below the estimate near
   k = n: .63 instead of 1 at c = 1, k = n. The difference of the two means is known exactly and is
   added back (bias correction of Efron & Tibshirani 1993, ch. 10, with the exact bias).
2. BCa levels (Efron 1987; Davison & Hinkley 1997, section 5.3): the distribution is skewed where
   few problems are solved, and acceleration moves both ends. Acceleration comes from the problems.
3. Expanded levels (Hesterberg 2015, arXiv 1411.5279): a bootstrap over M problems is too narrow by
   sqrt((M - 1) / M), and by the normal in place of the t distribution.
4. Where all problems agree (none solved, all solved, no difference) nothing varies, and a bootstrap
   interval has width 0. There the exact binomial limit for M agreeing problems holds instead:
   an unseen kind of problem may have a share of up to `1 - (alpha / 2)^(1 / M)`.

The second level adds sampling noise that the first already carries, so intervals are a little wide
where problems differ less than their samples do (Davison & Hinkley 1997, section 3.8).
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from passk.analysis.metrics import Floats, Integers, pass_at_k

_NORMAL = NormalDist()
TOLERANCE = 1e-9  # means closer than this are equal: sums of one kind differ in their last bits


@dataclass(frozen=True)
class BootstrapCurve:
    """A pass@k curve or a difference of two, with its bootstrap resamples.

    Attributes:
        estimate: (K,) means over problems.
        resamples: (B, K) recentred bootstrap means; may leave [0, 1] a little.
        problems: (M, K) values of the single problems.
        lowest: smallest value that a problem can have.
        highest: largest value that a problem can have.
    """

    estimate: Floats
    resamples: Floats
    problems: Floats
    lowest: float = 0.0
    highest: float = 1.0

    def __sub__(self, other: "BootstrapCurve") -> "BootstrapCurve":
        """The paired difference; both must come from the same resample of the same problems."""
        return BootstrapCurve(
            self.estimate - other.estimate,
            self.resamples - other.resamples,
            self.problems - other.problems,
            self.lowest - other.highest,
            self.highest - other.lowest,
        )

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper limits, each (K,); see the module's docstring for the method."""
        return _interval(self, level)

    def rising_interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Limits of pass@k itself, which never falls with k: their running maxima over k.

        Pass@k rises with k, so that a lower limit at a smaller k bounds it as well wherever that
        limit holds: on the event that all limits hold at once nothing is lost, and at a single k
        no more than where the limit of a smaller k is wrong by more than the curve rises (measured
        in `benchmarks/inference.py`). A running maximum of upper limits only widens. Not for
        differences, which may fall.
        """
        low, high = self.interval(level)
        return np.maximum.accumulate(low), np.maximum.accumulate(high)

    def band(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Limits that hold at every k at once: sup-t (Montiel Olea & Plagborg-Moller 2019).

        The largest standardised deviation over the grid, resample by resample, gives one critical
        value for all k. Nowhere narrower than `interval`, which is not symmetric.
        """
        low, high = self.interval(level)
        problems = len(self.problems)
        deviation = np.abs(self.resamples - self.estimate)
        error = self.resamples.std(axis=0)
        varies = error > TOLERANCE
        if problems < 2 or not varies.any():
            return low, high
        largest = (deviation[:, varies] / error[varies]).max(axis=1)
        half = np.quantile(largest, level) * error * expansion(problems, level)
        return (
            np.maximum(np.minimum(low, self.estimate - half), self.lowest),
            np.minimum(np.maximum(high, self.estimate + half), self.highest),
        )


@dataclass(frozen=True)
class CountMeasure:
    """K measures of the counts of single problems.

    Attributes:
        value: (samples, correct), each (P,), to the (P, K) measures.
        expected: (samples, success rates), each (P,), to the (P, K) means of the measures over
            samples drawn at these rates: what the second level averages to.
    """

    value: Callable[[Integers, Integers], Floats]
    expected: Callable[[Integers, Floats], Floats]


def draw_problems(problems: int, resamples: int, rng: np.random.Generator) -> Integers:
    """First level: (resamples, problems) indices of problems, drawn with replacement."""
    return rng.integers(problems, size=(resamples, problems))


def bootstrap_curve(
    n: ArrayLike, c: ArrayLike, k: ArrayLike, drawn: Integers, rng: np.random.Generator
) -> BootstrapCurve:
    """Mean pass@k over problems at each k, with two-level bootstrap resamples.

    Args:
        n: (M,) samples per problem.
        c: (M,) correct ones.
        k: (K,) attempts, none above the smallest n.
        drawn: (B, M) resampled problems of `draw_problems`; share it to pair models.
        rng: generator of the second level; one of its own for each model.

    Raises:
        ValueError: no problems, impossible counts, or a k above an n.
    """
    n, c, k = (np.atleast_1d(np.asarray(x, dtype=np.int64)) for x in (n, c, k))
    if n.size and k.size and k.max() > n.min():
        raise ValueError(f"k={k.max()} exceeds n={n.min()}: pass@k is not defined there")

    def value(samples: Integers, correct: Integers) -> Floats:
        return pass_at_k(samples[..., None], correct[..., None], k)

    def expected(samples: Integers, rate: Floats) -> Floats:
        return 1.0 - (1.0 - rate[:, None]) ** k

    return bootstrap_mean(n, c, CountMeasure(value, expected), drawn, rng)


def bootstrap_mean(
    n: Integers,
    c: Integers,
    measure: CountMeasure,
    drawn: Integers,
    rng: np.random.Generator,
) -> BootstrapCurve:
    """Mean over problems of measures of their counts, with two-level bootstrap resamples.

    Args:
        n: (M,) samples per problem.
        c: (M,) correct ones.
        measure: of the counts of a problem.
        drawn: (B, M) resampled problems of `draw_problems`.
        rng: generator of the second level.

    Raises:
        ValueError: no problems, or impossible counts.
    """
    if n.size == 0:
        raise ValueError("no problems: the mean of no values is not defined")
    problems = measure.value(n, c)
    counts = rng.binomial(n[drawn], (c / n)[drawn])
    resamples = np.zeros((len(drawn), problems.shape[1]))
    for size in np.unique(n):
        possible = np.arange(size + 1)
        table = measure.value(np.full_like(possible, size), possible)
        here = n[drawn] == size
        for column in range(problems.shape[1]):  # one at a time keeps memory at (B, M)
            resamples[:, column] += (table[:, column][np.where(here, counts, 0)] * here).sum(axis=1)
    estimate = problems.mean(axis=0)
    resamples = resamples / n.size + (estimate - measure.expected(n, c / n).mean(axis=0))
    return BootstrapCurve(estimate, resamples, problems)


def unseen_share(problems: int, level: float) -> float:
    """Exact limit for the share of a kind of problem that none of M problems is of; deviation 4.

    Args:
        problems: M, at least 1.
        level: of the two-sided interval.

    Example:
        >>> round(unseen_share(30, 0.95), 4)  # 1 - .025 ** (1 / 30)
        0.1157
    """
    return 1.0 - ((1.0 - level) / 2) ** (1.0 / problems)


def expansion(problems: int, level: float) -> float:
    """By how much a bootstrap over M problems is too narrow (Hesterberg 2015); see deviation 3.

    `sqrt(M / (M - 1)) * t / z`, with the quantiles of Student's t at M - 1 degrees of freedom and
    of the normal distribution.

    Args:
        problems: M, at least 2.
        level: of the two-sided interval.
    """
    normal = _NORMAL.inv_cdf((1.0 + level) / 2)
    student = _student_quantile((1.0 + level) / 2, problems - 1)
    return float(np.sqrt(problems / (problems - 1)) * student / normal)


def _student_quantile(level: float, freedom: int) -> float:
    """Quantile of Student's t by Cornish-Fisher expansion (Abramowitz & Stegun 26.7.5)."""
    z = _NORMAL.inv_cdf(level)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(z + sum(term / freedom ** (i + 1) for i, term in enumerate(terms)))


def _interval(curve: BootstrapCurve, level: float) -> tuple[Floats, Floats]:
    """Expanded BCa limits, exact where all problems agree."""
    problems = len(curve.problems)
    low, high = np.empty_like(curve.estimate), np.empty_like(curve.estimate)
    unseen = unseen_share(problems, level)
    for i, estimate in enumerate(curve.estimate):
        values = curve.problems[:, i]
        lower, upper = estimate, estimate
        if problems > 1:
            levels = _bca_levels(curve.resamples[:, i], float(estimate), values, level)
            lower, upper = np.quantile(curve.resamples[:, i], levels)
        if np.ptp(values) < TOLERANCE:
            lower = min(lower, estimate - unseen * (estimate - curve.lowest))
            upper = max(upper, estimate + unseen * (curve.highest - estimate))
        low[i] = np.clip(min(lower, estimate), curve.lowest, curve.highest)
        high[i] = np.clip(max(upper, estimate), curve.lowest, curve.highest)
    return low, high


def _bca_levels(
    resamples: Floats, estimate: float, values: Floats, level: float
) -> tuple[float, float]:
    """Levels of the bootstrap distribution at which a BCa interval is read off."""
    problems = len(values)
    z = _NORMAL.inv_cdf((1.0 + level) / 2) * expansion(problems, level)
    deviation = values - values.mean()
    square = (deviation**2).sum()
    acceleration = (deviation**3).sum() / (6 * square**1.5) if square > 1e-24 else 0.0
    offset = resamples - estimate
    below = (offset < -TOLERANCE).mean() + (np.abs(offset) <= TOLERANCE).mean() / 2
    bias = _NORMAL.inv_cdf(float(np.clip(below, 0.01, 0.99)))

    def adjusted(sign: float) -> float:
        shifted = bias + sign * z
        return _NORMAL.cdf(bias + shifted / max(1.0 - acceleration * shifted, 1e-3))

    return adjusted(-1.0), adjusted(1.0)
