"""What worker processes that compare formulas may use."""

from dataclasses import dataclass
from typing import Protocol, Self

from passk.domains.grading import JudgeResources


class LimitSettings(Protocol):
    """Parameters of judges that compare formulas: `verification.math`, `verification.visual`."""

    timeout: float
    workers: int
    memory_gib: float


@dataclass(frozen=True)
class WorkerLimits:
    """Limits; what they cut is unknown, so that they decide no verdict.

    Attributes:
        timeout: wall limit of one item, in seconds.
        count: worker processes at most; they start when one is needed.
        memory: address space of one worker, in bytes.
    """

    timeout: float = 5.0
    count: int = 2
    memory: int = 4 << 30

    def __post_init__(self) -> None:
        if self.timeout <= 0 or self.count < 1:
            raise ValueError(
                f"timeout {self.timeout} s and {self.count} workers: both must be positive"
            )

    @classmethod
    def choose(cls, settings: LimitSettings, resources: JudgeResources) -> Self:
        """As parameters say, but for the number of workers where resources name one."""
        workers = resources.workers or settings.workers
        return cls(settings.timeout, workers, int(settings.memory_gib * 2**30))
