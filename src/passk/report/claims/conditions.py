"""What a claim needs, condition by condition, and how conditions make a verdict.

Every condition is tested at (1 - level) / 2 on each side: an interval that ends at the bound itself
does not exclude it. Supported: every condition holds (an intersection-union test, which keeps the
level of each and needs no correction). Not supported: one fails; several that may fail share the
error (Bonferroni). A p-value of an interval is 1 less the level at which it would touch the bound,
were it widened as one of a normal distribution: below 1 - level exactly where the interval itself
excludes the bound. All p-values are two-sided, so that 1 - level bounds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from passk.analysis.questions.tracing import ResultRow
from passk.report.html.sourced_values import ValueSource

Interval = tuple[float, float]
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Condition:
    """One thing that a claim needs.

    Attributes:
        statistic: the quantity, in words.
        needs: what of it the claim needs, in words: `above 0`.
        value: its estimate; None where there is none.
        limits: of its interval; None where it has none.
        holds: whether the data show that it is so.
        fails: whether they show that it is not.
        supports: p-value of `holds`; 1 where the estimate is on the other side.
        refutes: p-value of `fails`.
        source: row and column of the estimate.
    """

    statistic: str
    needs: str
    value: float | None
    limits: Interval | None
    holds: bool
    fails: bool = False
    supports: float = 1.0
    refutes: float = 1.0
    source: ValueSource | None = None


@dataclass(frozen=True)
class Estimate:
    """A quantity with its interval at a level, and where it stands."""

    name: str
    value: float
    low: float
    high: float
    level: float = 0.95
    source: ValueSource | None = None

    @classmethod
    def of(
        cls, row: ResultRow, columns: Sequence[str], name: str, level: float, source: ValueSource
    ) -> "Estimate":
        """From three columns of a row: estimate, lower and upper limit."""
        value, low, high = (float(row[column]) for column in columns)
        return cls(name, value, low, high, level, source)

    def above(self, bound: float = 0.0) -> Condition:
        """The claim needs it above a bound."""
        return self._make(
            f"above {bound:g}", self.low > bound, self.high < bound,
            self._reach(self.low, bound), self._reach(self.high, bound),
        )  # fmt: skip

    def below(self, bound: float = 0.0) -> Condition:
        """The claim needs it below a bound."""
        return self._make(
            f"below {bound:g}", self.high < bound, self.low > bound,
            self._reach(self.high, bound), self._reach(self.low, bound),
        )  # fmt: skip

    def at_most(self, bound: float) -> Condition:
        """The claim needs it at a bound or below."""
        return self._make(
            f"at most {bound:g}", self.high <= bound, self.low > bound,
            self._reach(self.high, bound), self._reach(self.low, bound),
        )  # fmt: skip

    def within(self, bound: float) -> Condition:
        """The claim needs it between -bound and bound."""
        sides = ((self.high, bound), (self.low, -bound))
        return self._make(
            f"within ±{bound:g}", -bound <= self.low and self.high <= bound,
            self.low > bound or self.high < -bound,
            max(self._reach(limit, end) for limit, end in sides),
            min(self._reach(self.low, bound), self._reach(self.high, -bound)),
        )  # fmt: skip

    def _make(
        self, needs: str, holds: bool, fails: bool, supports: float, refutes: float
    ) -> Condition:
        limits = (self.low, self.high)
        return Condition(
            self.name, needs, self.value, limits, holds, fails, supports, refutes, self.source
        )

    def _reach(self, limit: float, bound: float) -> float:
        """p-value of the side on which a limit lies: 1 where the bound lies on the other one.

        Example:
            >>> estimate = Estimate("x", 0.2, 0.1, 0.4)
            >>> round(estimate._reach(0.1, 0.1), 4), estimate._reach(0.1, 0.3)
            (0.05, 1.0)
        """
        width, distance = self.value - limit, self.value - bound
        if width * distance < 0:
            return 1.0
        if width == 0:  # nothing says how far a wider interval would reach
            return 1.0 if distance == 0 else 1.0 - self.level
        z = _NORMAL.inv_cdf((1.0 + self.level) / 2) * distance / width
        return 2 * (1 - _NORMAL.cdf(z))


@dataclass(frozen=True)
class Combined:
    """What conditions make together.

    Attributes:
        outcome: 1 where every one holds, -1 where one fails, 0 otherwise.
        p: p-value of the outcome; 1 where it is 0.
    """

    outcome: int
    p: float


def combine(conditions: Sequence[Condition], level: float, refuting: int = 2) -> Combined:
    """Whether a claim is supported (1), not supported (-1) or neither, from its conditions.

    Args:
        conditions: all that it needs.
        level: of the tests.
        refuting: one-sided tests that may refute it, each at (1 - level) / 2: more than two share
            the error 1 - level by a factor on their p-values.

    Example:
        >>> early, late = Estimate("at 1", 0.2, 0.1, 0.3), Estimate("at 64", -0.2, -0.3, -0.1)
        >>> combine([early.above(), late.below()], 0.95).outcome
        1
        >>> combine([early.above(), late.above()], 0.95).outcome
        -1
        >>> combine([early.above(0.1), late.below()], 0.95).outcome
        0
    """
    factor = max(1.0, refuting / 2)
    failing = [min(1.0, c.refutes * factor) for c in conditions if c.fails]
    if failing and (factor == 1.0 or min(failing) <= 1.0 - level):
        return Combined(-1, min(failing))
    if conditions and all(condition.holds for condition in conditions):
        return Combined(1, max(condition.supports for condition in conditions))
    return Combined(0, 1.0)


def apply_holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Which of several verdicts stand together: Holm's step-down (Holm 1979).

    Example:
        >>> apply_holm([0.04, 0.001, 1.0], 0.95), apply_holm([0.02, 0.001], 0.95)
        ([False, True, False], [True, True])
    """
    stands = [False] * len(p_values)
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    for rank, i in enumerate(order):
        if p_values[i] > (1.0 - level) / (len(p_values) - rank):
            break
        stands[i] = True
    return stands
