"""How many problems a verdict needs: power calculations, from what a study itself has measured.

Two sizes are told apart. `least`: with fewer problems not even the most favourable data come out
supported. `power`: with so many they do in `POWER` of studies, if what `assuming` says is true.
Intervals narrow with the square root of the problems; nothing else is extrapolated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, comb, inf
from statistics import NormalDist

from passk.analysis.bootstrap import unseen_share
from passk.analysis.proportions import mcnemar_mid_p, wilson
from passk.analysis.studentized_range import range_quantile
from passk.report.claims.conditions import Condition

POWER = 0.8
SEEN = "differences are as seen here"
_NORMAL = NormalDist()
_MOST = 100_000  # problems beyond which no size is looked for


@dataclass(frozen=True)
class SizeNeeded:
    """Problems that a verdict needs.

    Attributes:
        least: below, "supported" cannot come out whatever the data.
        power: with so many it comes out in four of five studies; None where no size would do.
        assuming: if this is true.
    """

    least: int
    power: int | None
    assuming: str = SEEN


@cache
def count_fewest(level: float) -> int:
    """Problems below which no two draws can be told apart by both tests of a sign.

    Were all of M problems to differ as much as they can, the interval would exclude 0 where an
    unseen kind has a share below 1/2, and McNemar's test where M on one side are enough.

    Example:
        >>> count_fewest(0.95)
        6
    """
    return next(
        m
        for m in range(1, _MOST)
        if unseen_share(m, level) < 0.5 and mcnemar_mid_p(m, 0) <= 1.0 - level
    )


def size_of_signs(conditions: Sequence[Condition], problems: int, level: float) -> SizeNeeded:
    """For conditions that need a difference from 0 or another bound.

    A difference z standard errors from its bound has power `POWER` at
    `M ((z_level + z_POWER) / z)^2` problems; the least certain condition decides.
    """
    wanted = _quantile(level) + _NORMAL.inv_cdf(POWER)
    sizes = []
    for condition in conditions:
        if condition.supports >= 1.0:
            return SizeNeeded(count_fewest(level), None)
        z = _NORMAL.inv_cdf(1 - max(condition.supports, 1e-15) / 2)
        sizes.append(problems * (wanted / z) ** 2)
    fewest = count_fewest(level)
    return SizeNeeded(fewest, max(fewest, ceil(max(sizes, default=inf))) if sizes else None)


def size_of_equality(half: float, bound: float, problems: int, level: float) -> SizeNeeded:
    """For an interval that has to lie within +-bound where the truth is 0.

    Args:
        half: half width of the interval at this size.
        bound: that it has to keep.
        problems: of this size.
        level: of the interval.
    """
    z = _quantile(level)
    least = problems * (half / bound) ** 2
    both_sides = (z + _NORMAL.inv_cdf((1 + POWER) / 2)) / z
    return SizeNeeded(ceil(least), ceil(least * both_sides**2), "nothing differs")


def size_of_range(noise: float, bound: float, arms: int, problems: int, level: float) -> SizeNeeded:
    """For a spread with simultaneous limits that has to lie below a bound where nothing differs.

    Args:
        noise: half width of its limits at this size: the quantile `level` of the range.
        bound: that it has to keep.
        arms: how many are compared.
        problems: of this size.
        level: of the limits.
    """
    least = problems * (noise / bound) ** 2
    usual = range_quantile(arms, POWER) / range_quantile(arms, level)
    return SizeNeeded(ceil(least), ceil(least * (1 + usual) ** 2), "nothing differs")


@cache
def count_solvable(bound: float, share: float, level: float) -> tuple[int, int]:
    """Solvable problems of which a share has to be shown to be at most a bound, by Wilson's limit.

    Args:
        bound: of the share.
        share: the true one.
        level: of the limits.

    Returns:
        The fewest, none of which is outside; those that suffice with power `POWER`.

    Example:
        >>> count_solvable(0.05, 0.01, 0.95)
        (73, 142)
    """
    least = next(m for m in range(1, _MOST) if wilson(0, m, level)[1] <= bound)
    for total in range(least, _MOST):
        legal = 0
        while wilson(legal + 1, total, level)[1] <= bound:
            legal += 1
        chance = sum(
            comb(total, x) * share**x * (1 - share) ** (total - x) for x in range(legal + 1)
        )
        if chance >= POWER:
            return least, total
    raise ValueError(f"a share of {share:g} is never shown to be at most {bound:g}")


def _quantile(level: float) -> float:
    return _NORMAL.inv_cdf((1.0 + level) / 2)
