"""Pass@k at every k from 1 to n with its resamples: what a crossover between two curves needs.

The same resamples as `passk.analysis.bootstrap.bootstrap_curve` draws, from counts of counts: a
resample is how often each number of correct samples occurs in it, and its curve a product of these
with the table of pass@k. Entries of the table are rounded to multiples of a power of two (about
1e-13) so that every sum is exact, in any order: the same bytes from any library.
"""

from math import ceil, log2

import numpy as np
from numpy.typing import ArrayLike

from passk.analysis.bootstrap import BootstrapCurve
from passk.analysis.metrics import Floats, Integers

_BITS = 53  # of a double's significand


def tabulate_every_k(n: int, most: int) -> Floats:
    """(n + 1, most): pass@k of c = 0..n correct samples at k = 1..most.

    Example:
        >>> tabulate_every_k(4, 3).round(4)[1].tolist()  # one of four samples is correct
        [0.25, 0.5, 0.75]
    """
    if most > n:
        raise ValueError(f"k={most} exceeds n={n}: pass@k is not defined there")
    wrong = np.arange(n, -1, -1)[:, None]
    k = np.arange(most)
    return np.asarray(1.0 - np.cumprod(np.maximum(wrong - k, 0) / (n - k), axis=1))


def bootstrap_every_k(
    n: ArrayLike, c: ArrayLike, drawn: Integers, rng: np.random.Generator
) -> BootstrapCurve:
    """Mean pass@k over problems at k = 1 ... smallest n, with two-level bootstrap resamples.

    Args:
        n: (M,) samples per problem.
        c: (M,) correct ones.
        drawn: (B, M) resampled problems of `draw_problems`; share it to pair models.
        rng: generator of the second level.

    Raises:
        ValueError: no problems.
    """
    n, c = (np.atleast_1d(np.asarray(x, dtype=np.int64)) for x in (n, c))
    if n.size == 0:
        raise ValueError("no problems: the mean of no values is not defined")
    most = int(n.min())
    unit = 2.0 ** (_BITS - 1 - ceil(log2(n.size + 1)))
    problems, sums = np.empty((n.size, most)), np.zeros((len(drawn), most))
    counts = rng.binomial(n[drawn], (c / n)[drawn])
    for size in np.unique(n):
        table = tabulate_every_k(int(size), most)
        problems[n == size] = table[c[n == size]]
        rows, places = np.nonzero(n[drawn] == size)
        cells = np.bincount(
            rows * (size + 1) + counts[rows, places], minlength=len(drawn) * (size + 1)
        )
        often = cells.reshape(len(drawn), size + 1).astype(np.float64)
        sums += often @ (np.round(table * unit) / unit)
    estimate = problems.mean(axis=0)
    expected = 1.0 - np.cumprod(np.broadcast_to((1.0 - c / n)[:, None], (n.size, most)), axis=1)
    resamples = sums / n.size + (estimate - expected.mean(axis=0))
    return BootstrapCurve(estimate, resamples, problems)
