"""Programs whose runs are under way, and when their verdicts are known."""

from dataclasses import dataclass, field

from passk.domains.code.verdicts import Run
from passk.domains.verdict import CORRECT, UNKNOWN, WRONG

# Of the verdicts of a program's runs, the weightiest holds; of equal ones, the first.
_WEIGHT = {CORRECT: 0, UNKNOWN: 1, WRONG: 2}


@dataclass
class RunningProgram:
    """A program whose runs are under way.

    Which run ends first depends on the machine: the first wrong one in the order of cases decides,
    and those before it are waited for.

    Attributes:
        left: runs that have not ended, or will not begin.
        ended: verdict and reason of each run that ended, by its position in the order of cases.
        failed: position of the first run known to be wrong.
        done: nothing more is waited for.
    """

    left: int
    ended: dict[int, tuple[str, str]] = field(default_factory=dict)
    failed: int | None = None
    done: bool = False

    def end(self, position: int, verdict: tuple[str, str]) -> None:
        """Note what a run came to."""
        self.left -= 1
        self.ended[position] = verdict
        if verdict[0] == WRONG and (self.failed is None or position < self.failed):
            self.failed = position

    def wants(self, position: int) -> bool:
        """Whether a run may still decide, where the first failure does."""
        return not self.done and (self.failed is None or position < self.failed)

    def verdict(self, *, first: bool) -> tuple[str, str] | None:
        """What all runs come to, once that is known.

        Args:
            first: the first failure ends it; else every run is waited for.
        """
        if first and self.failed is not None:
            known = all(position in self.ended for position in range(self.failed))
            return self.ended[self.failed] if known else None
        if self.left:
            return None
        verdicts = [self.ended[position] for position in sorted(self.ended)]
        return max(verdicts, key=lambda verdict: _WEIGHT[verdict[0]])


@dataclass
class RunQueue:
    """Runs in the sandbox or before it, by number: program, position among its runs, the run."""

    runs: dict[int, tuple[int, int, Run]] = field(default_factory=dict)
    programs: dict[int, RunningProgram] = field(default_factory=dict)
