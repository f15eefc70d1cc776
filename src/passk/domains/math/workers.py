"""Worker processes with hard limits, started when there is something to judge.

A worker that uses up the processor time of an item is ended by the kernel (see `worker`) and
replaced; the item is unknown (timeout). Wall time decides nothing: a worker that overruns its far
larger wall limit is ended, or killed from here should that fail, and its item is tried once more.
One that dies otherwise is replaced too, and its item is unknown (grader fault). No other item is
touched.
"""

import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from passk.core.closing import Closing
from passk.domains.math.options import MathOptions
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.math.worker_process import WorkerItem, WorkerProcess, WorkerRequest
from passk.domains.verdict import FAULT, TIMEOUT, UNKNOWN, JudgeError, Verdict

_GRACE = 5.0  # seconds past the wall limit at which a worker is killed from outside
_TRIALS = 2  # times that an item may overrun the wall limit
_ATTEMPTS = 3  # workers in a row that may die before they are ready
_SHARE = 500  # requests that make another worker worth its start,
_PATIENCE = 1.0  # or seconds of work after which all are started if requests still wait


class WorkerError(JudgeError):
    """Workers cannot be started; the message says what they printed."""


class Pool(Closing):
    """Judges requests in worker processes; a context manager that leaves no process behind.

    Args:
        options: of the grader.
        limits: of the workers.
    """

    def __init__(self, options: MathOptions, limits: WorkerLimits | None = None) -> None:
        limits = limits or WorkerLimits()
        self._settings = {
            "options": asdict(options),
            "cpu": limits.timeout,
            "wall": limits.wall_time,
            "memory": limits.memory,
        }
        self._wall, self._count = limits.wall_time, limits.count
        self._workers: list[WorkerProcess] = []
        self._selector = selectors.DefaultSelector()
        self._queue: deque[WorkerItem] = deque()
        self._left = 0  # items without a result
        self._begun = 0.0  # when work began: something to do, and a worker that is ready
        self._failed = 0

    def close(self) -> None:
        """End all workers, and forget what was to be judged."""
        for running in list(self._workers):
            self._remove(running)
        self._queue.clear()
        self._left = 0

    def clear(self) -> None:
        """Forget what is left of an iteration that was given up."""
        if self._left:
            self.close()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that run now."""
        return [running.process.pid for running in self._workers]

    def judge(self, requests: Iterable[WorkerRequest]) -> Iterator[tuple[Any, Verdict]]:
        """Judge requests, in the order in which they finish; see `add` and `results`.

        Yields:
            Position of the request, and its verdict.
        """
        self.clear()
        self.add(enumerate(requests))
        yield from self.results()

    def add(self, requests: Iterable[tuple[Hashable, WorkerRequest]]) -> None:
        """Queue requests, each under a key of the caller's; those of one gold are best together."""
        if not self._left:
            self._begun = time.monotonic()
        items = [WorkerItem(key, request) for key, request in requests]
        self._queue.extend(items)
        self._left += len(items)

    def results(self, left: int = 0) -> Iterator[tuple[Any, Verdict]]:
        """What is known by now, and what comes until at most `left` requests have no result.

        Yields:
            Key of a request, and its verdict.

        Raises:
            WorkerError: workers do not start.
        """
        while self._left:
            enough = self._left <= left
            self._staff()
            for running in self._workers:
                running.feed(self._queue, self._wall + _GRACE)
            for key, verdict in self._results(0 if enough else _PATIENCE):
                self._left -= 1
                yield key, verdict
            if enough:
                return

    def _staff(self) -> None:
        """Start as many workers as what is to be judged is worth."""
        working = any(running.ready for running in self._workers)
        late = working and bool(self._queue) and time.monotonic() > self._begun + _PATIENCE
        wanted = self._count if late else min(self._count, -(-self._left // _SHARE))
        while len(self._workers) < wanted:
            started = WorkerProcess.start(self._settings)
            self._workers.append(started)
            self._selector.register(started.replies, selectors.EVENT_READ, started)

    def _remove(self, ended: WorkerProcess) -> int:
        self._workers.remove(ended)
        self._selector.unregister(ended.replies)
        return ended.end()

    def _results(self, longest: float) -> Iterator[tuple[Hashable, Verdict]]:
        """Whatever has arrived, and what the workers that died leave behind."""
        now = time.monotonic()
        patience = min((w.deadline for w in self._workers if w.busy), default=now) - now
        for selected, _ in self._selector.select(min(max(patience, 0), longest)):
            running: WorkerProcess = selected.data
            chunk = os.read(selected.fd, 1 << 16)
            if chunk:
                yield from self._take(running, chunk)
            else:
                yield from self._bury(running)
        for running in list(self._workers):
            if running.busy and time.monotonic() > running.deadline:
                yield from self._bury(running, overran=True)

    def _take(self, running: WorkerProcess, chunk: bytes) -> Iterator[tuple[Hashable, Verdict]]:
        for verdict in running.take(chunk):
            running.deadline = time.monotonic() + self._wall + _GRACE
            if not running.ready:
                running.ready, self._failed = True, 0
                self._begun = time.monotonic()
                continue
            yield running.waiting.popleft().key, Verdict(*verdict)

    def _bury(
        self, ended: WorkerProcess, *, overran: bool = False
    ) -> Iterator[tuple[Hashable, Verdict]]:
        """Remove a worker that died or overran; blame its current item, hand on the others."""
        complaint = ended.complaint()
        code = self._remove(ended)
        if not ended.ready:
            self._failed += 1
            if self._failed >= _ATTEMPTS:
                raise WorkerError(
                    f"a grader process does not start (exit code {code}): "
                    f"{complaint or 'it printed nothing'}"
                )
        if not ended.waiting:
            return
        blamed, *others = ended.waiting
        self._queue.extendleft(reversed(others))
        overran = overran or code == -signal.SIGALRM
        blamed.overrun += overran
        if overran and blamed.overrun < _TRIALS:
            self._queue.append(blamed)
            return
        reason = TIMEOUT if overran or code == -signal.SIGPROF else f"{FAULT}: exit code {code}"
        yield blamed.key, Verdict(UNKNOWN, reason, None)
