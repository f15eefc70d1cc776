"""Intervals for pass@k by a paired two-level bootstrap; pure functions, explicit generators.

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

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from passk.analysis.metrics import Floats, Integers, pass_at_k

_NORMAL = NormalDist()
_LEVEL = 1e-9  # means closer than this are equal: sums of one kind differ in their last bits


@dataclass(frozen=True)
class Curve:
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

    def __sub__(self, other: "Curve") -> "Curve":
        """The paired difference; both must come from the same resample of the same problems."""
        return Curve(
            self.estimate - other.estimate,
            self.resamples - other.resamples,
            self.problems - other.problems,
            self.lowest - other.highest,
            self.highest - other.lowest,
        )

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper limits, each (K,); see the module's docstring for the method."""
        return _interval(self, level)

    def band(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Limits that hold at every k at once: sup-t (Montiel Olea & Plagborg-Moller 2019).

        The largest standardised deviation over the grid, resample by resample, gives one critical
        value for all k. Nowhere narrower than `interval`, which is not symmetric.
        """
        low, high = self.interval(level)
        problems = len(self.problems)
        deviation = np.abs(self.resamples - self.estimate)
        error = self.resamples.std(axis=0)
        varies = error > _LEVEL
        if problems < 2 or not varies.any():
            return low, high
        largest = (deviation[:, varies] / error[varies]).max(axis=1)
        half = np.quantile(largest, level) * error * _expansion(problems, level)
        return (
            np.maximum(np.minimum(low, self.estimate - half), self.lowest),
            np.minimum(np.maximum(high, self.estimate + half), self.highest),
        )


@dataclass(frozen=True)
class Spread:
    """How far several quantities of the same problems lie apart.

    Attributes:
        spread: largest less smallest estimate.
        noise: a spread that equal quantities exceed in 1 - level of cases: Tukey's honest
            significant difference, from resamples.
        smallest: the smallest estimate.
        margin: half width of limits that hold for all the quantities at once.
    """

    spread: float
    noise: float
    smallest: float
    margin: float


@dataclass(frozen=True)
class Crossover:
    """Where the base model catches up.

    Attributes:
        k: smallest k past which RL is never ahead again, interpolated in log k; None if there is
            none within the grid.
        low: lower limit; None where even that lies past the grid. It is the grid's first k where
            the base model may be ahead from the start.
        high: upper limit; None where it lies past the grid.
        p_none: share of resamples without a crossover within the grid.
    """

    k: float | None
    low: float | None
    high: float | None
    p_none: float


def draw_problems(problems: int, resamples: int, rng: np.random.Generator) -> Integers:
    """First level: (resamples, problems) indices of problems, drawn with replacement."""
    return rng.integers(problems, size=(resamples, problems))


def bootstrap_curve(
    n: ArrayLike, c: ArrayLike, k: ArrayLike, drawn: Integers, rng: np.random.Generator
) -> Curve:
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
    if n.size == 0:
        raise ValueError("no problems: the mean of no values is not defined")
    if k.size and k.max() > n.min():
        raise ValueError(f"k={k.max()} exceeds n={n.min()}: pass@k is not defined there")
    problems = pass_at_k(n[:, None], c[:, None], k)
    counts = rng.binomial(n[drawn], (c / n)[drawn])
    resamples = np.zeros((len(drawn), k.size))
    for size in np.unique(n):
        table = pass_at_k(size, np.arange(size + 1)[:, None], k)
        here = n[drawn] == size
        for column in range(k.size):  # one k at a time keeps memory at (B, M)
            resamples[:, column] += (table[:, column][np.where(here, counts, 0)] * here).sum(axis=1)
    plug_in = 1.0 - (1.0 - (c / n)[:, None]) ** k
    estimate = problems.mean(axis=0)
    resamples = resamples / n.size + (estimate - plug_in.mean(axis=0))
    return Curve(estimate, resamples, problems)


def crossover(difference: Curve, k: ArrayLike, level: float = 0.95) -> Crossover:
    """The k at which the base model overtakes, from a curve of differences RL - base.

    A resample without a crossover counts as one past the grid where RL stays ahead (its k is
    infinite), and as one before it where the base model is ahead from the start; limits are
    quantiles of that censored distribution, so that they need no crossover in every resample.
    """
    grid = np.asarray(k, dtype=np.float64)
    found = crossing(difference.resamples, grid)
    inside = (found > 0) & np.isfinite(found)
    tail = (1.0 - level) / 2
    # An inverted step function never averages a finite k with an infinite one.
    low, high = np.quantile(found, [tail, 1.0 - tail], method="inverted_cdf")
    point = float(crossing(difference.estimate[None], grid)[0])

    def legal(value: float) -> float | None:
        return float(max(value, grid[0])) if np.isfinite(value) else None

    return Crossover(
        k=point if 0 < point < np.inf else None,
        low=legal(float(low)),
        high=legal(float(high)),
        p_none=float(1.0 - inside.mean()),
    )


def spread(curves: Sequence[Curve], level: float = 0.95) -> Spread:
    """The spread of quantities with one k each, beside that of their noise.

    The range of the centred resamples is the largest difference between any two of them that
    noise makes; at its quantile `level`, `spread` +- `noise` holds for all pairs at once.
    By simulation (docs/LOG.md), equal models that solve other problems exceed it in 4% of cases at
    level .95, and copies of one model in none: sampling noise enters twice, as the module says.

    Raises:
        ValueError: fewer than two quantities.
    """
    if len(curves) < 2:
        raise ValueError(f"{len(curves)} quantity has no spread; compare at least two")
    estimate = np.array([curve.estimate[0] for curve in curves])
    centred = np.stack([c.resamples[:, 0] - c.estimate[0] for c in curves], axis=1)
    problems = len(curves[0].problems)
    wider = _expansion(problems, level) if problems > 1 else 1.0
    unseen = 1.0 - ((1.0 - level) / 2) ** (1.0 / problems)

    def limit(deviations: Floats) -> float:
        # Where nothing varies, an unseen kind of problem still may; see deviation 4.
        found = float(np.quantile(deviations, level)) * wider
        return found if found > _LEVEL else unseen

    return Spread(
        spread=float(np.ptp(estimate)),
        noise=limit(np.ptp(centred, axis=1)),
        smallest=float(estimate.min()),
        margin=limit(np.abs(centred).max(axis=1)),
    )


def crossing(differences: Floats, k: Floats) -> Floats:
    """For each row of differences RL - base, the k at which RL is ahead for the last time.

    Args:
        differences: (B, K).
        k: (K,), ascending.

    Returns:
        (B,): k interpolated linearly in log k; infinity where the base model never gets ahead
        after that, 0 where RL is nowhere ahead.

    Example:
        >>> crossing(np.array([[0.2, 0.1, -0.1], [0.2, 0.1, 0.0], [-0.1, -0.1, -0.2]]),
        ...          np.array([1.0, 4.0, 16.0])).tolist()
        [8.0, inf, 0.0]
    """
    ahead = differences > _LEVEL
    positions = np.arange(k.size)
    last = np.where(ahead, positions, -1).max(axis=1)
    overtaken = ((differences < -_LEVEL) & (positions > last[:, None])).any(axis=1)
    rows = np.arange(len(differences))
    left, right = np.maximum(last, 0), np.minimum(last + 1, k.size - 1)
    before, after = differences[rows, left], differences[rows, right]
    span = np.where(overtaken & (last >= 0), before - after, 1.0)
    share = np.clip(before / span, 0.0, 1.0)
    at = 2.0 ** (np.log2(k[left]) + share * (np.log2(k[right]) - np.log2(k[left])))
    return np.where(last < 0, 0.0, np.where(overtaken, at, np.inf))


def _interval(curve: Curve, level: float) -> tuple[Floats, Floats]:
    """Expanded BCa limits, exact where all problems agree."""
    problems = len(curve.problems)
    low, high = np.empty_like(curve.estimate), np.empty_like(curve.estimate)
    unseen = 1.0 - ((1.0 - level) / 2) ** (1.0 / problems)
    for i, estimate in enumerate(curve.estimate):
        values = curve.problems[:, i]
        lower, upper = estimate, estimate
        if problems > 1:
            levels = _bca_levels(curve.resamples[:, i], float(estimate), values, level)
            lower, upper = np.quantile(curve.resamples[:, i], levels)
        if np.ptp(values) < _LEVEL:
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
    z = _NORMAL.inv_cdf((1.0 + level) / 2) * _expansion(problems, level)
    deviation = values - values.mean()
    square = (deviation**2).sum()
    acceleration = (deviation**3).sum() / (6 * square**1.5) if square > 1e-24 else 0.0
    offset = resamples - estimate
    below = (offset < -_LEVEL).mean() + (np.abs(offset) <= _LEVEL).mean() / 2
    bias = _NORMAL.inv_cdf(float(np.clip(below, 0.01, 0.99)))

    def adjusted(sign: float) -> float:
        shifted = bias + sign * z
        return _NORMAL.cdf(bias + shifted / max(1.0 - acceleration * shifted, 1e-3))

    return adjusted(-1.0), adjusted(1.0)


def _expansion(problems: int, level: float) -> float:
    """By how much a bootstrap over so many problems is too narrow; see deviation 3."""
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
