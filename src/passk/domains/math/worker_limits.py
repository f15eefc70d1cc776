"""What worker processes that compare formulas may use."""

from dataclasses import dataclass
from typing import Protocol, Self

from passk.domains.grading import JudgeResources

_WALL = 60.0  # seconds of wall time at least,
_SHARE = 0.05  # or so many that the processor time is this share of it


class LimitSettings(Protocol):
    """Parameters of judges that compare formulas: `verification.math`, `verification.visual`."""

    timeout: float
    workers: int
    memory_gib: float


@dataclass(frozen=True)
class WorkerLimits:
    """Limits; what they cut is unknown, so that they decide no verdict.

    Attributes:
        timeout: processor time of one item, in seconds, so that other load decides nothing.
        count: worker processes at most; they start when one is needed.
        memory: address space of one worker, in bytes.
        wall: seconds after which a worker is replaced, and its item tried once more; None: a
            minute, or twenty times the processor time.
    """

    timeout: float = 5.0
    count: int = 2
    memory: int = 4 << 30
    wall: float | None = None

    def __post_init__(self) -> None:
        if self.timeout <= 0 or self.count < 1:
            raise ValueError(
                f"timeout {self.timeout} s and {self.count} workers: both must be positive"
            )

    @property
    def wall_time(self) -> float:
        """The wall limit in seconds."""
        return max(_WALL, self.timeout / _SHARE) if self.wall is None else self.wall

    @classmethod
    def choose(cls, settings: LimitSettings, resources: JudgeResources) -> Self:
        """As parameters say, but for the number of workers where resources name one."""
        workers = resources.workers or settings.workers
        return cls(settings.timeout, workers, int(settings.memory_gib * 2**30))
