"""The support ledger: which problems training kept in reach, brought in, and lost.

Four kinds of problems by what the reference (base) and the candidate (RL) can solve:

| | candidate can | candidate cannot |
|---|---|---|
| reference can | preserved P | shrunk S |
| reference cannot | expanded E | out of reach O |

and four shares of them (The Invisible Leash, arXiv 2507.14843, section 2): support retention
`SRR = P / (P + S)`, net discovery `NDR = E / (P + E)`, their harmonic mean
`SDS = 2 SRR NDR / (SRR + NDR)`, and net support change `NSCR = (E - S) / (P + E + S)`.

"Can" is a success probability above epsilon. Counts show it with luck in both directions: two draws
of one model differ too, so the same numbers of such draws, the null, belong beside them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class SupportLedger:
    """Problems by kind; fractions where membership is uncertain.

    Attributes:
        preserved: both can.
        expanded: only the candidate can.
        shrunk: only the reference can.
        out_of_reach: neither can.

    Example:
        >>> ledger = SupportLedger(preserved=30, expanded=1, shrunk=10, out_of_reach=9)
        >>> round(ledger.retention, 4), round(ledger.discovery, 4)
        (0.75, 0.0323)
        >>> round(ledger.dynamic_score, 4), round(ledger.net_change, 4)
        (0.0619, -0.2195)
    """

    preserved: float
    expanded: float
    shrunk: float
    out_of_reach: float

    @property
    def retention(self) -> float:
        """SRR: of the problems that the reference can solve, the share that the candidate can."""
        return _share(self.preserved, self.preserved + self.shrunk)

    @property
    def discovery(self) -> float:
        """NDR: of the problems that the candidate can solve, the share that are new."""
        return _share(self.expanded, self.preserved + self.expanded)

    @property
    def dynamic_score(self) -> float:
        """SDS: harmonic mean of retention and discovery; 0 where either is."""
        total = self.retention + self.discovery
        return _share(2 * self.retention * self.discovery, total) if total > 0 else total

    @property
    def net_change(self) -> float:
        """NSCR: new problems less lost ones, of all that either can solve."""
        return _share(self.expanded - self.shrunk, self.preserved + self.expanded + self.shrunk)


def count_ledger(reference: ArrayLike, candidate: ArrayLike) -> SupportLedger:
    """The ledger of problems by what each model can solve.

    Args:
        reference: (M,) truth values, or probabilities that the reference can solve each problem;
            these are taken to be independent of the candidate's.
        candidate: (M,) the same of the candidate.

    Raises:
        ValueError: the models have different problems.

    Example:
        >>> count_ledger([True, True, False], [True, False, True])
        SupportLedger(preserved=1.0, expanded=1.0, shrunk=1.0, out_of_reach=0.0)
    """
    r, c = (np.asarray(x, dtype=np.float64) for x in (reference, candidate))
    if r.shape != c.shape or r.ndim != 1:
        raise ValueError(f"{r.shape} problems of the reference, {c.shape} of the candidate")
    return SupportLedger(
        float((r * c).sum()),
        float(((1 - r) * c).sum()),
        float((r * (1 - c)).sum()),
        float(((1 - r) * (1 - c)).sum()),
    )


def _share(part: float, whole: float) -> float:
    """NaN where the whole is nothing: no share is defined there."""
    return part / whole if whole else float("nan")
