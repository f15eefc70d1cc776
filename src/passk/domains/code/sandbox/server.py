"""The server in the sandbox: stays, and runs one program after the other; standard library alone.

It is started by `pool` in bubblewrap and is two processes. This one reads one program at a time
from its standard input, keeps inputs, watches the guest from outside the guest's process
namespace, and never interprets what the guest writes. The other (`forker`) forks the guests and
knows nothing, so that what this one has read and passed on is in no guest's memory. When this
one ends, or whoever started it or the other does, everything in the sandbox ends.
"""

import fcntl
import json
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from passk.domains.code.sandbox import confine, forker, frames, work
from passk.domains.code.sandbox.usage import Usage, UsageMeter

_FIRST_TICK, _LAST_TICK = 0.001, 0.02  # seconds between looks at a guest
_UNWATCHED = 0.015  # seconds before the first reckoning of processor time and memory
_MUCH = 1 << 15  # bytes at one look of a guest that is looked at more often, with a larger pipe
_ROUND = 8 << 20  # bytes taken from a guest before looking at the rest
_PIPE_SIZE = 1031  # Linux's F_SETPIPE_SZ


_NOTHING_USED = Usage()


@dataclass
class _Guest:
    """A program that runs now."""

    serial: int
    limits: work.GuestLimits
    pid: int
    results: int
    giving: int
    unsent: memoryview
    total_cpu: float
    begun: float = field(default_factory=time.monotonic)
    most: int = 0
    case_begun: float = 0.0  # when the last case is taken to have begun,
    case_cpu: float = 0.0  # and the processor time used before it
    received: int = 0
    stopped: str = ""
    usage: Usage = field(default_factory=Usage)


class _Server:
    def __init__(
        self, how: forker.Confinement, connection: socket.socket, other: int, stops: int
    ) -> None:
        self._stops = stops
        self._forker = connection
        self._meter = UsageMeter(how, other)
        self._inputs: dict[int, work.Inputs] = {}
        self._unwanted: set[int] = set()
        self._outgoing = bytearray()
        os.set_blocking(1, False)
        os.set_blocking(stops, False)

    def serve(self) -> None:
        """Run programs until the host closes the connection."""
        self._send(frames.pack(frames.READY, b""))
        while (message := self._receive()) is not None:
            serial, key, inputs, forgotten, source, prelude, entry, limits = message
            for old in forgotten:
                del self._inputs[old]
            if inputs is not None:
                self._inputs[key] = work.Inputs.join(inputs)
            if self._asked_to_stop(serial):
                self._account(serial, "asked")
            else:
                kept, allowed = self._inputs[key], work.GuestLimits(*limits)
                most = allowed.output + (len(kept.sizes) + 3) * frames.HEAD
                packed = work.pack(source, entry, prelude, allowed, kept)
                self._run(serial, allowed, packed, most, allowed.total_cpu(len(kept.sizes)))

    def _receive(self) -> list | None:
        """The next message."""
        head = self._exactly(frames.HEAD)
        if head is None:
            return None
        body = self._exactly(frames.size_of(head))
        return None if body is None else json.loads(body)

    def _exactly(self, size: int) -> bytes | None:
        received = bytearray()
        while len(received) < size:
            try:
                part = os.read(0, size - len(received))
            except BlockingIOError:
                select.select([0], [], [])
                continue
            if not part:
                return None
            received += part
        return bytes(received)

    def _run(
        self, serial: int, limits: work.GuestLimits, packed: bytes, most: int, total_cpu: float
    ) -> None:
        given, giving = os.pipe()
        results, into = os.pipe()
        socket.send_fds(self._forker, [forker.FORK], [given, into])
        os.close(given)
        os.close(into)
        os.set_blocking(giving, False)
        (pid,) = forker.PID.unpack(forker.receive(self._forker))
        unsent = memoryview(packed)
        running = _Guest(serial, limits, pid, results, giving, unsent, total_cpu, most=most)
        running.case_begun = running.begun
        try:
            status, used = self._watch(running)
        finally:
            os.close(results)
            self._withhold(running)
        running.usage.cpu = max(running.usage.cpu, used)
        self._account(
            serial, running.stopped, status, running.usage, time.monotonic() - running.begun
        )

    def _hand(self, running: _Guest) -> bool:
        """Give the guest more of its work; whether some is left."""
        try:
            while running.unsent:
                running.unsent = running.unsent[os.write(running.giving, running.unsent) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:  # it has ended
            pass
        self._withhold(running)
        return False

    def _withhold(self, running: _Guest) -> None:
        """Close the pipe of its work."""
        if running.giving >= 0:
            os.close(running.giving)
            running.giving = -1

    def _account(
        self,
        serial: int,
        stopped: str,
        status: int = 0,
        usage: Usage = _NOTHING_USED,
        wall: float = 0.0,
    ) -> None:
        """Tell the host how a program ended."""
        end = {"serial": serial, "stopped": stopped, "status": status, "wall": wall}
        end |= {"cpu": usage.cpu, "delay": usage.delay}
        self._send(frames.pack(frames.ENDED, json.dumps(end).encode()), wait=True)

    def _watch(self, running: _Guest) -> tuple[int, float]:
        """Until the guest has ended: give it its work, pass on what it writes, limit it.

        Returns:
            Its wait status, and the processor time that the kernel counted.

        Raises:
            EOFError: the forker has ended.
        """
        os.set_blocking(running.results, False)
        ended = os.pidfd_open(running.pid)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(self._stops, select.POLLIN)
        poll.register(self._forker, select.POLLIN)
        if self._hand(running):
            fcntl.fcntl(running.giving, _PIPE_SIZE, 1 << 20)
            poll.register(running.giving, select.POLLOUT)
        tick = _FIRST_TICK
        try:
            while True:
                ready = {file for file, _ in poll.poll(tick * 1000)}
                tick = min(tick * 1.5, _LAST_TICK)
                if running.giving in ready:
                    file = running.giving
                    if not self._hand(running):
                        poll.unregister(file)
                if self._forker.fileno() in ready:  # it says nothing while a guest runs
                    forker.receive(self._forker)
                if self._stops in ready and self._asked_to_stop(running.serial):
                    self._stop(running, "asked")
                if self._pass_on(running) >= _MUCH:
                    fcntl.fcntl(running.results, _PIPE_SIZE, 1 << 20)
                    tick = _FIRST_TICK
                if ended in ready:
                    break
                if time.monotonic() - running.begun > _UNWATCHED:
                    self._check_usage(running)
        finally:
            os.close(ended)
        self._forker.send(forker.REAP)
        status, used = forker.END.unpack(forker.receive(self._forker))
        while self._pass_on(running):
            pass
        return status, used

    def _asked_to_stop(self, serial: int) -> bool:
        """Whether the host wants this program no more; what it said of later ones is kept."""
        try:
            requests = os.read(self._stops, 1 << 12)  # whole messages of eight bytes
        except BlockingIOError:
            requests = b""
        self._unwanted.update(
            int.from_bytes(requests[i : i + 8]) for i in range(0, len(requests), 8)
        )
        self._unwanted = {number for number in self._unwanted if number >= serial}
        return serial in self._unwanted

    def _stop(self, running: _Guest, why: str) -> None:
        if not running.stopped:
            running.stopped = why
            os.kill(running.pid, signal.SIGKILL)

    def _pass_on(self, running: _Guest) -> int:
        """Hand on what the guest has written since; how many bytes."""
        before = running.received
        while running.received - before < _ROUND:
            try:
                data = os.read(running.results, 1 << 20)
            except BlockingIOError:
                break
            if not data:
                break
            running.received += len(data)
            if running.received > running.most:
                self._stop(running, "output")
                break
            self._send(frames.pack(frames.DATA, data))
        self._send(b"")
        if running.limits.each and running.received > before:
            running.case_begun, running.case_cpu = time.monotonic(), running.usage.cpu
        return running.received - before

    def _send(self, data: bytes, wait: bool = False) -> None:
        """To the host, as far as it reads; the rest waits here, bounded by a program's output."""
        self._outgoing += data
        while self._outgoing:
            try:
                sent = os.write(1, self._outgoing)
            except BlockingIOError:
                if not wait:
                    return
                select.select([], [1], [])
                continue
            del self._outgoing[:sent]

    def _check_usage(self, running: _Guest) -> None:
        """Compare what the guest's processes have used with what they may use."""
        usage = self._meter.measure(running.pid)
        running.usage.cpu = max(running.usage.cpu, usage.cpu)
        running.usage.delay = max(running.usage.delay, usage.delay)
        used = running.usage.cpu - running.case_cpu
        if used > running.limits.cpu or running.usage.cpu > running.total_cpu:
            self._stop(running, "cpu")
        elif usage.resident > running.limits.memory:
            self._stop(running, "memory")
        elif time.monotonic() - running.case_begun > running.limits.wall:
            self._stop(running, "wall")


def main(arguments: Sequence[str]) -> None:
    """Serve.

    Args:
        arguments: the file of stop requests; "subprocess", "user" or, for the host's root, the user
            that guests become; where /proc is; site-packages and packages, between colons.
    """
    stops, isolation, proc, packages = arguments
    user = int(isolation) if isolation.isdigit() else None
    how = forker.Confinement(isolation == "subprocess", user, proc)
    if how.weak:
        confine.die_with_parent()
    else:
        confine.keep_mounts()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the host decides
    try:
        connection, pid = forker.fork_forker(how, packages.split(":"))
        confine.keep_from_tracers()
        _Server(how, connection, pid, int(stops)).serve()
    except (EOFError, ConnectionError) as error:
        raise SystemExit(f"forker: {error}") from None
