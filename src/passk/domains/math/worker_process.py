"""One worker process as its parent sees it: a pipe to it, a pipe from it, what it was sent."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple, Self

from passk.domains.math import worker

_START = 120.0  # seconds a worker may take to import its grader
_AHEAD = 32  # requests that may wait in one worker's pipe,
_AHEAD_BYTES = 24_000  # well below a pipe's 64 KiB, so that neither side ever blocks the other


class WorkerRequest(NamedTuple):
    """What to judge: a reference answer, and what was read of a response."""

    gold: str
    answer: str


@dataclass(eq=False)
class WorkerItem:
    """A request under a key of the caller's."""

    key: Hashable
    request: WorkerRequest
    size: int = 0  # in the pipe, in bytes
    overrun: int = 0  # times that it overran the wall limit


@dataclass(eq=False)
class WorkerProcess:
    """A worker; see `passk.domains.math.worker`."""

    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    deadline: float
    ready: bool = False
    waiting: deque[WorkerItem] = field(default_factory=deque)  # sent; the first is being judged
    received: bytes = b""

    @classmethod
    def start(cls, settings: Mapping[str, object]) -> Self:
        """Start a process; it says when it is ready."""
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed when the worker is ended)
        process = subprocess.Popen(
            [sys.executable, "-m", worker.__name__, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        )
        return cls(process, errors, time.monotonic() + _START)

    @property
    def replies(self) -> IO[bytes]:
        """The pipe from it."""
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def busy(self) -> bool:
        """Whether something is expected of it."""
        return bool(self.waiting) or not self.ready

    def feed(self, queue: deque[WorkerItem], patience: float) -> None:
        """Send what fits into its pipe, once half of that is judged; an empty pipe takes any.

        Args:
            queue: what is to be judged; what is sent is taken away.
            patience: seconds that it may take with one item.
        """
        assert self.process.stdin is not None
        if not self.ready or len(self.waiting) > _AHEAD // 2:
            return
        size, lines = sum(item.size for item in self.waiting), []
        while queue and len(self.waiting) < _AHEAD:
            line = json.dumps(queue[0].request).encode() + b"\n"
            if size and size + len(line) > _AHEAD_BYTES:
                break
            if not self.waiting:
                self.deadline = time.monotonic() + patience
            item = queue.popleft()
            item.size = len(line)
            self.waiting.append(item)
            lines.append(line)
            size += len(line)
        try:
            self.process.stdin.write(b"".join(lines))
            self.process.stdin.flush()
        except BrokenPipeError:
            return  # it died; the pool sees the end of its replies

    def take(self, chunk: bytes) -> list[list[Any]]:
        """The replies that a part of its output completes."""
        *lines, self.received = (self.received + chunk).split(b"\n")
        return [json.loads(line) for line in lines]

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
        self.errors.close()
        return code

    def complaint(self) -> str:
        """The last lines that the process printed."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace").strip()[-2000:]
