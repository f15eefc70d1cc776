"""Where a run's time goes: seconds per activity of this process, never part of an output."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class ActivitySeconds:
    """Wall seconds of a training run by what it did, apart from loading."""

    sampling: float
    judging: float
    training: float


class Stopwatch:
    """Sums wall time by activity; time spent in an inner activity is not the outer one's.

    Attributes:
        seconds: activity -> seconds so far.

    Example:
        >>> watch = Stopwatch()
        >>> with watch("training"):
        ...     with watch("sampling"):
        ...         pass
        >>> sorted(watch.seconds)
        ['sampling', 'training']
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner = [0.0]  # per open activity, seconds that inner ones took

    @contextmanager
    def __call__(self, activity: str) -> Iterator[None]:
        """Count what happens inside towards an activity."""
        start = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[activity] += spent - self._inner.pop()
            self._inner[-1] += spent

    def report(self) -> ActivitySeconds:
        """Seconds of a training run so far."""
        return ActivitySeconds(
            self.seconds["sampling"], self.seconds["judging"], self.seconds["training"]
        )
