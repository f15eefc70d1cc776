"""Worker processes with hard limits, started when there is something to judge.

A worker that overruns its wall limit is ended by the kernel's alarm (see `worker`), or killed
from here should that fail, and replaced; the item it was at is unknown (timeout). One that dies
otherwise is replaced too, and its item is unknown (grader fault). No other item is touched.
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
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import IO, NamedTuple

from passk.core.closing import Closing
from passk.domains.math import worker
from passk.domains.math.options import MathOptions
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.verdict import FAULT, TIMEOUT, UNKNOWN, JudgeError, Verdict

_GRACE = 5.0  # seconds past the limit at which a worker is killed from outside
_START = 120.0  # seconds a worker may take to import its grader
_ATTEMPTS = 3  # workers in a row that may die before they are ready
_AHEAD = 32  # requests that may wait in one worker's pipe,
_AHEAD_BYTES = 24_000  # well below a pipe's 64 KiB, so that neither side ever blocks the other
_SHARE = 500  # requests that make another worker worth its start,
_PATIENCE = 1.0  # or seconds after which all are started if requests still wait


class WorkerRequest(NamedTuple):
    """What to judge: a whole response, or with `boxed` the content of its only box."""

    gold: str
    text: str
    boxed: bool


class WorkerError(JudgeError):
    """Workers cannot be started; the message says what they printed."""


@dataclass(eq=False)
class _Worker:
    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    deadline: float
    ready: bool = False
    waiting: deque[tuple[int, int]] = field(default_factory=deque)  # request number, bytes
    received: bytes = b""

    def room(self) -> bool:
        """Whether another request may be sent."""
        if not self.ready or len(self.waiting) >= _AHEAD:
            return False
        return sum(size for _, size in self.waiting) < _AHEAD_BYTES

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
            "timeout": limits.timeout,
            "memory": limits.memory,
        }
        self._timeout, self._count = limits.timeout, limits.count
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._failed = 0

    def close(self) -> None:
        """End all workers."""
        for running in list(self._workers):
            self._remove(running)

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that run now."""
        return [running.process.pid for running in self._workers]

    def judge(self, requests: Sequence[WorkerRequest]) -> Iterator[tuple[int, Verdict | None]]:
        """Judge requests, in the order in which they finish.

        Yields:
            Position of the request, and its verdict; None where the whole response is wanted.

        Raises:
            WorkerError: workers do not start.
        """
        if any(
            running.waiting for running in self._workers
        ):  # left by an iteration that was given up
            self.close()
        queue = deque(range(len(requests)))
        left = len(requests)
        begun = time.monotonic()
        while left:
            late = bool(queue) and time.monotonic() > begun + _PATIENCE
            wanted = self._count if late else min(self._count, -(-left // _SHARE))
            while len(self._workers) < wanted:
                self._start()
            for running in list(self._workers):
                self._feed(running, queue, requests)
            longest = _PATIENCE if len(self._workers) < self._count else _START
            for number, verdict in self._results(queue, longest):
                left -= 1
                yield number, verdict

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

    def _feed(self, running: _Worker, queue: deque[int], requests: Sequence[WorkerRequest]) -> None:
        assert running.process.stdin is not None
        lines = []
        while queue and running.room():
            number = queue.popleft()
            line = json.dumps([number, *requests[number]]).encode() + b"\n"
            if not running.waiting:
                running.deadline = time.monotonic() + self._timeout + _GRACE
            running.waiting.append((number, len(line)))
            lines.append(line)
        try:
            running.process.stdin.write(b"".join(lines))
            running.process.stdin.flush()
        except BrokenPipeError:
            return  # it died; `_results` sees the end of its output

    def _results(self, queue: deque[int], longest: float) -> Iterator[tuple[int, Verdict | None]]:
        """Whatever has arrived, and what the workers that died leave behind."""
        now = time.monotonic()
        busy = [running for running in self._workers if running.waiting or not running.ready]
        patience = min((running.deadline for running in busy), default=now) - now
        for key, _ in self._selector.select(min(max(patience, 0), longest)):
            running: _Worker = key.data
            chunk = os.read(key.fd, 1 << 16)
            if chunk:
                yield from self._take(running, chunk)
            else:
                yield from self._bury(running, queue)
        for running in list(self._workers):
            if (running.waiting or not running.ready) and time.monotonic() > running.deadline:
                yield from self._bury(running, queue, overran=True)

    def _take(self, running: _Worker, chunk: bytes) -> Iterator[tuple[int, Verdict | None]]:
        *lines, running.received = (running.received + chunk).split(b"\n")
        for line in lines:
            message = json.loads(line)
            running.deadline = time.monotonic() + self._timeout + _GRACE
            if not message:
                running.ready, self._failed = True, 0
                continue
            number, *verdict = message
            running.waiting.popleft()
            yield number, Verdict(*verdict) if verdict else None

    def _bury(
        self, ended: _Worker, queue: deque[int], overran: bool = False
    ) -> Iterator[tuple[int, Verdict | None]]:
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
        if ended.waiting:
            blamed, *others = (number for number, _ in ended.waiting)
            queue.extendleft(reversed(others))
            reason = TIMEOUT if overran or code == -signal.SIGALRM else f"{FAULT}: exit code {code}"
            yield blamed, Verdict(UNKNOWN, reason, None)
