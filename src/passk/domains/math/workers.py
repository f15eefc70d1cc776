"""Worker processes with hard limits, started when there is something to judge.

A worker that uses up the processor time of an item is ended by the kernel (see `worker`) and
replaced; the item is unknown (timeout). Wall time decides nothing: a worker that overruns its far
larger wall limit is ended, or killed from here should that fail, and its item is tried once more.
One that dies otherwise is replaced too, and its item is unknown (grader fault). No other item is
touched.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import IO, Any, NamedTuple

from passk.core.closing import Closing
from passk.domains.math import worker
from passk.domains.math.options import MathOptions
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.verdict import FAULT, TIMEOUT, UNKNOWN, JudgeError, Verdict

_GRACE = 5.0  # seconds past the wall limit at which a worker is killed from outside
_TRIALS = 2  # times that an item may overrun the wall limit
_START = 120.0  # seconds a worker may take to import its grader
_ATTEMPTS = 3  # workers in a row that may die before they are ready
_AHEAD = 32  # requests that may wait in one worker's pipe,
_AHEAD_BYTES = 24_000  # well below a pipe's 64 KiB, so that neither side ever blocks the other
_SHARE = 500  # requests that make another worker worth its start,
_PATIENCE = 1.0  # or seconds after which all are started if requests still wait


class WorkerRequest(NamedTuple):
    """What to judge: a reference answer, and what was read of a response."""

    gold: str
    answer: str


@dataclass(eq=False)
class _Item:
    key: Hashable
    request: WorkerRequest
    size: int = 0  # in the pipe, in bytes
    overrun: int = 0  # times that it overran the wall limit


class WorkerError(JudgeError):
    """Workers cannot be started; the message says what they printed."""


@dataclass(eq=False)
class _Worker:
    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    deadline: float
    ready: bool = False
    waiting: deque[_Item] = field(default_factory=deque)  # sent; the first is being judged
    received: bytes = b""

    @property
    def busy(self) -> bool:
        """Whether something is expected of it."""
        return bool(self.waiting) or not self.ready

    def sends(self, line: bytes) -> bool:
        """Whether a request fits into its pipe; an empty pipe takes any."""
        size = sum(item.size for item in self.waiting)
        return not size or (len(self.waiting) < _AHEAD and size + len(line) <= _AHEAD_BYTES)

    def end(self) -> int:
        """Make sure that the process is gone; its return code."""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        return code

    def complaint(self) -> str:
        """The last lines that the process printed."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace").strip()[-2000:]


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
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._queue: deque[_Item] = deque()
        self._left = 0  # items without a result
        self._begun = 0.0  # when there was first something to do
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
        items = [_Item(key, request) for key, request in requests]
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
                if running.ready and len(running.waiting) <= _AHEAD // 2:
                    self._feed(running)
            for key, verdict in self._results(0 if enough else _PATIENCE):
                self._left -= 1
                yield key, verdict
            if enough:
                return

    def _staff(self) -> None:
        """Start as many workers as what is to be judged is worth."""
        late = bool(self._queue) and time.monotonic() > self._begun + _PATIENCE
        wanted = self._count if late else min(self._count, -(-self._left // _SHARE))
        while len(self._workers) < wanted:
            self._start()

    def _start(self) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed when the worker is removed)
        process = subprocess.Popen(
            [sys.executable, "-m", worker.__name__, json.dumps(self._settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        )
        started = _Worker(process, errors, time.monotonic() + _START)
        self._workers.append(started)
        assert process.stdout is not None
        self._selector.register(process.stdout, selectors.EVENT_READ, started)

    def _remove(self, ended: _Worker) -> int:
        self._workers.remove(ended)
        assert ended.process.stdout is not None
        self._selector.unregister(ended.process.stdout)
        code = ended.end()
        ended.errors.close()
        return code

    def _feed(self, running: _Worker) -> None:
        assert running.process.stdin is not None
        lines = []
        while self._queue:
            line = json.dumps(self._queue[0].request).encode() + b"\n"
            if not running.sends(line):
                break
            if not running.waiting:
                running.deadline = time.monotonic() + self._wall + _GRACE
            item = self._queue.popleft()
            item.size = len(line)
            running.waiting.append(item)
            lines.append(line)
        try:
            running.process.stdin.write(b"".join(lines))
            running.process.stdin.flush()
        except BrokenPipeError:
            return  # it died; `_results` sees the end of its output

    def _results(self, longest: float) -> Iterator[tuple[Hashable, Verdict]]:
        """Whatever has arrived, and what the workers that died leave behind."""
        now = time.monotonic()
        patience = min((w.deadline for w in self._workers if w.busy), default=now) - now
        for selected, _ in self._selector.select(min(max(patience, 0), longest)):
            running: _Worker = selected.data
            chunk = os.read(selected.fd, 1 << 16)
            if chunk:
                yield from self._take(running, chunk)
            else:
                yield from self._bury(running)
        for running in list(self._workers):
            if running.busy and time.monotonic() > running.deadline:
                yield from self._bury(running, overran=True)

    def _take(self, running: _Worker, chunk: bytes) -> Iterator[tuple[Hashable, Verdict]]:
        *lines, running.received = (running.received + chunk).split(b"\n")
        for line in lines:
            verdict = json.loads(line)
            running.deadline = time.monotonic() + self._wall + _GRACE
            if not running.ready:
                running.ready, self._failed = True, 0
                continue
            yield running.waiting.popleft().key, Verdict(*verdict)

    def _bury(self, ended: _Worker, *, overran: bool = False) -> Iterator[tuple[Hashable, Verdict]]:
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
