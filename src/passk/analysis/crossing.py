"""Where two pass@k curves cross: the k past which the candidate is never ahead again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from passk.analysis.bootstrap import TOLERANCE, BootstrapCurve
from passk.analysis.metrics import Floats


@dataclass(frozen=True)
class CrossoverEstimate:
    """Where the reference catches up.

    Attributes:
        k: smallest k past which the candidate is never ahead again, interpolated in log k between
            two neighbours of the grid; None if there is none within it.
        low: lower limit; None where even that lies past the grid. It is the grid's first k where
            the reference may be ahead from the start.
        high: upper limit; None where it lies past the grid.
        p_none: share of resamples without a crossover within the grid.
    """

    k: float | None
    low: float | None
    high: float | None
    p_none: float


def estimate_crossover(
    difference: BootstrapCurve, k: ArrayLike, level: float = 0.95
) -> CrossoverEstimate:
    """The k at which the reference overtakes (arXiv 2504.13837, section 3, figure 2).

    A resample without a crossover counts as one past the grid where the candidate stays ahead (its
    k is infinite), and as one before it where the reference is ahead from the start; limits are
    quantiles of that censored distribution, so that they need no crossover in every resample.

    Args:
        difference: curve of differences candidate - reference, at K attempts.
        k: (K,) attempts, ascending.
        level: of the interval.
    """
    grid = np.asarray(k, dtype=np.float64)
    crossings = find_crossings(difference.resamples, grid)
    inside = (crossings > 0) & np.isfinite(crossings)
    tail = (1.0 - level) / 2
    # An inverted step function never averages a finite k with an infinite one.
    low, high = np.quantile(crossings, [tail, 1.0 - tail], method="inverted_cdf")
    point = float(find_crossings(difference.estimate[None], grid)[0])

    def legal(value: float) -> float | None:
        return float(max(value, grid[0])) if np.isfinite(value) else None

    return CrossoverEstimate(
        k=point if 0 < point < np.inf else None,
        low=legal(float(low)),
        high=legal(float(high)),
        p_none=float(1.0 - inside.mean()),
    )


def find_crossings(differences: Floats, k: Floats) -> Floats:
    """For each row of differences, the k at which the candidate is ahead for the last time.

    Args:
        differences: (B, K) candidate - reference.
        k: (K,), ascending.

    Returns:
        (B,): k interpolated linearly in log k; infinity where the reference never gets ahead
        after that, 0 where the candidate is nowhere ahead.

    Example:
        >>> differences = np.array([[0.2, 0.1, -0.1], [0.2, 0.1, 0.0], [-0.1, -0.1, -0.2]])
        >>> find_crossings(differences, np.array([1.0, 4.0, 16.0])).tolist()
        [8.0, inf, 0.0]
    """
    ahead = differences > TOLERANCE
    positions = np.arange(k.size)
    last = np.where(ahead, positions, -1).max(axis=1)
    overtaken = ((differences < -TOLERANCE) & (positions > last[:, None])).any(axis=1)
    rows = np.arange(len(differences))
    left, right = np.maximum(last, 0), np.minimum(last + 1, k.size - 1)
    before, after = differences[rows, left], differences[rows, right]
    span = np.where(overtaken & (last >= 0), before - after, 1.0)
    share = np.clip(before / span, 0.0, 1.0)
    at = 2.0 ** (np.log2(k[left]) + share * (np.log2(k[right]) - np.log2(k[left])))
    return np.where(last < 0, 0.0, np.where(overtaken, at, np.inf))
