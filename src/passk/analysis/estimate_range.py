"""How far several estimates on the same problems lie apart, beside what noise alone gives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from passk.analysis.bootstrap import TOLERANCE, BootstrapCurve, expansion, unseen_share
from passk.analysis.metrics import Floats


@dataclass(frozen=True)
class EstimateRange:
    """How far several quantities of the same problems lie apart.

    Attributes:
        spread: largest less smallest estimate.
        noise: a spread that equal quantities exceed in 1 - level of cases: Tukey's honest
            significant difference, from resamples.
        smallest: the smallest estimate.
        largest: the largest estimate.
        margin: half width of limits that hold for all the quantities at once.
    """

    spread: float
    noise: float
    smallest: float
    largest: float
    margin: float


def estimate_range(curves: Sequence[BootstrapCurve], level: float = 0.95) -> EstimateRange:
    """The spread of quantities with one k each, beside that of their noise (Tukey's HSD).

    The range of the centred resamples is the largest difference between any two of them that
    noise makes; at its quantile `level`, `spread` +- `noise` holds for all pairs at once.
    By simulation (docs/LOG.md), equal models that solve other problems exceed it in 4% of cases at
    level .95, and copies of one model in none: sampling noise enters twice, as
    `passk.analysis.bootstrap` says.

    Args:
        curves: of one k each, on the same resampled problems.
        level: of the noise and of the limits.

    Raises:
        ValueError: fewer than two quantities.
    """
    if len(curves) < 2:
        raise ValueError(f"{len(curves)} quantity has no spread; compare at least two")
    estimate = np.array([curve.estimate[0] for curve in curves])
    centred = np.stack([c.resamples[:, 0] - c.estimate[0] for c in curves], axis=1)
    problems = len(curves[0].problems)
    wider = expansion(problems, level) if problems > 1 else 1.0
    unseen = unseen_share(problems, level)

    def limit(deviations: Floats) -> float:
        # Where nothing varies, an unseen kind of problem still may: deviation 4 of the bootstrap.
        width = float(np.quantile(deviations, level)) * wider
        return width if width > TOLERANCE else unseen

    return EstimateRange(
        spread=float(np.ptp(estimate)),
        noise=limit(np.ptp(centred, axis=1)),
        smallest=float(estimate.min()),
        largest=float(estimate.max()),
        margin=limit(np.abs(centred).max(axis=1)),
    )
