"""Means over few repetitions, and the range that repetitions alone give: Student and Tukey.

Both rest on one distribution, that of the studentized range: the range of several equal normal
quantities in units of a standard deviation that was estimated beside them. For two quantities it
is sqrt(2) times Student's t, so limits of a mean come from it too.
"""

from collections.abc import Sequence
from math import erf, sqrt

import numpy as np

from passk.analysis.metrics import Floats

_WIDEST = 12.0  # standard deviations beyond which a range of standard normals does not reach


def mean_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Limits of the mean of normal values by Student's t; they need two values at least.

    Example:
        >>> low, high = mean_interval([0.3, 0.4, 0.5])  # t = 4.303 with 2 degrees of freedom
        >>> round(low, 3), round(high, 3)
        (0.152, 0.648)
    """
    count = len(values)
    half = studentized_range(2, count - 1, level) * np.std(values, ddof=1) / sqrt(2 * count)
    return float(np.mean(values) - half), float(np.mean(values) + half)


def studentized_range(quantities: int, freedom: int, level: float = 0.95) -> float:
    """Quantile of the studentized range, to about 1e-4 of itself.

    Args:
        quantities: how many are compared, >= 2.
        freedom: degrees of freedom of the standard deviation, >= 1.
        level: of the quantile, at most 0.999.

    Example:
        >>> round(studentized_range(3, 10), 2), round(studentized_range(6, 2), 2)
        (3.88, 11.73)
    """
    if quantities < 2 or freedom < 1:
        raise ValueError(
            f"quantities = {quantities}, freedom = {freedom}: a range needs two quantities, a "
            "standard deviation two repetitions"
        )
    widths, chances = _range_of_normals(quantities)
    # Density of the logarithm of the estimated standard deviation over the true one, up to a
    # factor; its logarithm, because few repetitions may happen to lie very close together.
    deviation = np.geomspace(1e-7, 1.0 + 8.0 / sqrt(freedom), 8000)
    log_density = freedom * np.log(deviation) - freedom * deviation**2 / 2
    density = np.exp(log_density - log_density.max())
    density /= density.sum()
    low, high = 0.0, 1e6
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        reached = (density * np.interp(middle * deviation, widths, chances)).sum()
        low, high = (middle, high) if reached < level else (low, middle)
    return (low + high) / 2


def range_quantile(quantities: int, level: float = 0.95) -> float:
    """Quantile of the range of standard normals, whose standard deviation is known.

    Example:
        >>> round(range_quantile(6), 2), round(range_quantile(2), 2)  # 1.96 sqrt(2) = 2.77
        (4.03, 2.77)
    """
    widths, chances = _range_of_normals(quantities)
    return float(np.interp(level, chances, widths))


def _range_of_normals(quantities: int) -> tuple[Floats, Floats]:
    """Widths, and the chance that standard normals span no more."""
    step = 0.02
    points = np.arange(-8.0, 8.0 + _WIDEST + step, step)
    below = np.array([(1 + erf(point / sqrt(2))) / 2 for point in points])
    lowest = int(16.0 / step)
    density = np.exp(-(points[:lowest] ** 2) / 2)
    density /= density.sum()
    shifts = np.arange(int(_WIDEST / step) + 1)
    within = below[np.arange(lowest) + shifts[:, None]] - below[:lowest]
    chances = quantities * (density * within ** (quantities - 1)).sum(axis=1)
    return np.asarray(shifts * step, dtype=np.float64), chances
