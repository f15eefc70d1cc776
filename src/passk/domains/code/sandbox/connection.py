"""One server of the pool: its process, what was sent to it, and what has come back."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

from passk.domains.code.sandbox import bubblewrap, frames, task
from passk.domains.code.sandbox.bubblewrap import SandboxError
from passk.domains.code.sandbox.task import CaseResult, Outcome, Program

Want = Callable[[int, int, CaseResult], bool]

_KEPT = 64 << 20  # characters of inputs that a server keeps
_GRACE = 30.0  # seconds past its wall limit at which a program's server is given up
_HOST_FRAME = 8 << 20  # bytes of one frame of a server
_KINDS = {
    frames.RETURNED: task.RETURNED,
    frames.PRINTED: task.PRINTED,
    frames.RAISED: task.RAISED,
    frames.OPAQUE: task.OPAQUE,
}
_STOPPED = {"cpu": task.CPU, "wall": task.SLEPT, "memory": task.MEMORY, "output": task.OUTPUT}


class ServerDiedError(Exception):
    """A server ended, or said what it cannot say."""


@dataclass
class Running:
    """A program that a server was given.

    Attributes:
        number: the caller's number of the program.
        alone: whether nothing else runs meanwhile.
        serial: the connection's number of this run of it; none is used twice, so that a request
            to stop that comes late stops nothing else.
        moved: whether another server was given it instead.
        confined: whether its guest has begun: what it writes from then on is the program's.
    """

    number: int
    program: Program
    alone: bool = False
    serial: int = -1
    moved: bool = False
    confined: bool = False
    cases: list[CaseResult] = field(default_factory=list)
    ended: str = ""
    detail: str = ""
    unwanted: bool = False
    reader: frames.Reader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = frames.Reader(self.program.limits.output)

    def take(self, data: bytes, want: Want | None) -> bool:
        """Read what the guest wrote; whether it may stop now. Whatever it is, nothing is raised."""
        if self.ended or self.unwanted or self.moved:
            return False
        try:
            received = self.reader.feed(data)
        except frames.FrameError:
            self._end(task.EXITED, "wrote what is no result")
            return True
        for kind, payload in received:
            if kind == frames.CONFINED and not self.confined:
                self.confined = True
            elif kind in _KINDS and len(self.cases) < len(self.program.inputs):
                text = payload.decode("utf-8", "replace")
                result = CaseResult(_KINDS[kind], text)
                self.cases.append(result)
                if want is not None and not want(self.number, len(self.cases) - 1, result):
                    self.unwanted = True
                    return True
            else:
                self._close(kind, payload)
                return self.ended != task.FINISHED
        return False

    def _close(self, kind: bytes, payload: bytes) -> None:
        complete = len(self.cases) == len(self.program.inputs)
        if kind == frames.FINISHED and complete:
            self._end(task.FINISHED)
        elif kind == frames.OUT_OF_MEMORY:
            self._end(task.MEMORY)
        elif kind == frames.TOO_MUCH:
            self._end(task.OUTPUT)
        elif kind == frames.UNLOADED:
            self._end(task.EXITED, payload.decode("utf-8", "replace")[:2000])
        elif kind == frames.UNCONFINED and not self.confined:
            self._end(task.FAULT, payload.decode("utf-8", "replace")[:2000])
        else:
            self._end(task.EXITED, "wrote what is no result")

    def _end(self, how: str, detail: str = "") -> None:
        self.ended, self.detail = how, detail

    def outcome(self, end: dict[str, Any]) -> Outcome:
        """What became of it, with what the server saw."""
        ended, detail = self.ended, self.detail
        limit = self.program.limits.total_cpu(len(self.program.inputs))
        if self.unwanted:
            ended = task.FINISHED
        elif end["stopped"] in _STOPPED and ended != task.FINISHED:
            ended, detail = _STOPPED[end["stopped"]], ""
        elif not ended:
            ended = task.CPU if end["cpu"] > limit else task.EXITED
            status = end["status"]
            if os.WIFSIGNALED(status):
                detail = f"signal {os.WTERMSIG(status)}"
            else:
                detail = f"exit status {os.WEXITSTATUS(status)}"
        return Outcome(tuple(self.cases), ended, detail, end["cpu"], end["wall"])


class Connection:
    """A server, started at once.

    Args:
        isolation: see `bubblewrap.command`.
        packages: likewise.
    """

    def __init__(self, isolation: str, packages: Sequence[str]) -> None:
        self._socket, theirs = socket.socketpair()
        stop_read, self._stops = os.pipe()
        self._errors = os.memfd_create("sandbox")
        try:
            self.process = subprocess.Popen(
                bubblewrap.command(isolation, stop_read, packages),
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._errors,
                pass_fds=(stop_read,),
                env=bubblewrap.environment() if isolation == "subprocess" else None,
            )
        except BaseException:
            self._release()
            raise
        finally:
            theirs.close()
            os.close(stop_read)
        self._socket.setblocking(False)
        self._reader = frames.Reader(_HOST_FRAME)
        self._outgoing = bytearray()
        self._known: OrderedDict[tuple[str, ...], tuple[int, int]] = OrderedDict()
        self._keys = self._serial = 0
        self._size = 0
        self.ready = False
        self.running: deque[Running] = deque()
        self.deadline = time.monotonic() + _GRACE

    def fileno(self) -> int:
        """For selectors."""
        return self._socket.fileno()

    @property
    def sending(self) -> bool:
        """Whether bytes wait to be sent."""
        return bool(self._outgoing)

    @property
    def overdue(self) -> bool:
        """Whether it should have said something by now."""
        return (bool(self.running) or not self.ready) and time.monotonic() > self.deadline

    def give(self, running: Running) -> None:
        """Queue a program."""
        program = running.program
        key, inputs, forgotten = self._key(program.inputs)
        limits = astuple(program.limits)
        self._serial += 1
        running.serial = self._serial
        message = [
            *(running.serial, key, inputs, forgotten),
            *(program.source, program.prelude, program.entry, limits),
        ]
        self._outgoing += frames.pack(frames.WORK, json.dumps(message).encode())
        self.running.append(running)
        if len(self.running) == 1:
            self._extend()
        self.send()

    def take_back(self) -> Running | None:
        """The last program that waits behind another, if any does: for a server that is idle."""
        waiting = [running for running in list(self.running)[1:] if not running.moved]
        if not waiting:
            return None
        waiting[-1].moved = True
        self._stop(waiting[-1].serial)
        return Running(waiting[-1].number, waiting[-1].program)

    def _key(self, inputs: tuple[str, ...]) -> tuple[int, list[str] | None, list[int]]:
        """The server's name of these inputs; themselves, if it lacks them; names to forget."""
        if inputs in self._known:
            self._known.move_to_end(inputs)
            return self._known[inputs][0], None, []
        self._keys += 1
        size = sum(map(len, inputs))
        self._known[inputs] = (self._keys, size)
        self._size += size
        forgotten = []
        while self._size > _KEPT and len(self._known) > 1:
            _, (old, freed) = self._known.popitem(last=False)
            self._size -= freed
            forgotten.append(old)
        return self._keys, list(inputs), forgotten

    def _extend(self) -> None:
        wall = self.running[0].program.limits.wall if self.running else 0.0
        self.deadline = time.monotonic() + wall + _GRACE

    def send(self) -> None:
        """As much as the server takes now."""
        try:
            while self._outgoing:
                del self._outgoing[: self._socket.send(self._outgoing)]
        except BlockingIOError:
            return
        except OSError:
            return  # it died; reading says so

    def receive(self, want: Want | None) -> list[tuple[Running, dict[str, Any]]]:
        """Read what is there.

        Returns:
            The programs that ended, each with the server's account of it.

        Raises:
            ServerDiedError: the server is gone.
        """
        try:
            data = self._socket.recv(1 << 20)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ServerDiedError(str(error)) from None
        if not data:
            raise ServerDiedError(self.complaint())
        ended = []
        for kind, payload in self._reader.feed(data):
            if kind == frames.READY:
                self.ready = True
            elif kind == frames.DATA:
                if self.running[0].take(payload, want):
                    self._stop(self.running[0].serial)
            else:
                end = json.loads(payload)
                running = self.running.popleft()
                if end["serial"] != running.serial:
                    raise ServerDiedError(f"answers for {end['serial']}, not {running.serial}")
                if not running.moved:
                    ended.append((running, end))
            self._extend()
        return ended

    def _stop(self, serial: int) -> None:
        with contextlib.suppress(OSError):  # it died; reading says so
            os.write(self._stops, serial.to_bytes(8, "big"))

    def complaint(self) -> str:
        """What the server or bubblewrap printed on its standard error."""
        self.process.wait(timeout=10)
        return os.pread(self._errors, 4000, 0).decode(errors="replace")

    def check_started(self) -> None:
        """Wait until it serves.

        Raises:
            SandboxError: it does not; with the remedy.
        """
        while not self.ready:
            self._socket.settimeout(max(0.0, self.deadline - time.monotonic()))
            try:
                self.receive(None)
            except (ServerDiedError, TimeoutError) as error:
                raise SandboxError(bubblewrap.remedy(str(error))) from None
        self._socket.setblocking(False)

    def close(self) -> None:
        """End it, and everything in it."""
        self.process.kill()
        self.process.wait()
        self._release()

    def _release(self) -> None:
        self._socket.close()
        os.close(self._stops)
        os.close(self._errors)
