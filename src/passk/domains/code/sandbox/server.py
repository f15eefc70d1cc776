"""The server in the sandbox: stays, and runs one program after the other; standard library alone.

It is started by `pool` in bubblewrap and is two processes. This one reads one program at a time
from its standard input, keeps inputs, watches the guest from outside the guest's process
namespace, and never interprets what the guest writes. The other (`forker`) forks the guests and
knows nothing, so that what this one has read and passed on is in no guest's memory. When this
one ends, or whoever started it or the other does, everything in the sandbox ends.
"""

import json
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from passk.domains.code.sandbox import confine, forker, frames, work
from passk.domains.code.sandbox.usage import Usage, UsageMeter, end_descendants
from passk.domains.code.sandbox.waiting_guest import GuestProcess, WaitingGuest, enlarge

_FIRST_TICK, _LAST_TICK = 0.001, 0.02  # seconds between looks at a guest
_UNWATCHED = 0.015  # seconds before the first reckoning of processor time and memory
_MUCH = 1 << 15  # bytes at one look of a guest that is looked at more often, with a larger pipe
_USUAL_MEMORY = 1 << 30  # bytes of memory that most programs may use
_ROUND = 8 << 20  # bytes taken from a guest before looking at the rest


_NOTHING_USED = Usage()


@dataclass
class _Running:
    """A program that runs now.

    Attributes:
        cases: how many it has.
        most: bytes that it may write.
    """

    serial: int
    limits: work.GuestLimits
    guest: GuestProcess
    cases: int
    most: int
    begun: float = field(default_factory=time.monotonic)
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
        self._weak, self._proc, self._forker_pid = how.weak, how.proc, other
        self._forker = connection
        self._waiting = WaitingGuest(connection)
        self._meter = UsageMeter(how, other)
        self._inputs: dict[int, work.Inputs] = {}
        self._unwanted: set[int] = set()
        self._outgoing = bytearray()
        os.set_blocking(1, False)
        os.set_blocking(stops, False)

    def serve(self) -> None:
        """Run programs until the host closes the connection."""
        self._waiting.prepare(_USUAL_MEMORY)
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
                guest = self._waiting.take(allowed.memory)
                self._run(_Running(serial, allowed, guest, len(kept.sizes), most), packed)

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

    def _run(self, running: _Running, packed: bytes) -> None:
        running.case_begun = running.begun
        try:
            status, used = self._watch(running, packed)
        finally:
            running.guest.close()
        running.usage.cpu = max(running.usage.cpu, used)
        wall = time.monotonic() - running.begun
        self._account(running.serial, running.stopped, status, running.usage, wall)

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

    def _watch(self, running: _Running, packed: bytes) -> tuple[int, float]:
        """Until the guest has ended: give it its work, pass on what it writes, limit it.

        Returns:
            Its wait status, and the processor time that the kernel counted.

        Raises:
            EOFError: the forker has ended.
        """
        guest = running.guest
        ended = os.pidfd_open(guest.pid)
        poll = select.poll()
        for file in (ended, self._stops, self._forker.fileno()):
            poll.register(file, select.POLLIN)
        if guest.give(packed):
            poll.register(guest.giving, select.POLLOUT)
        self._waiting.prepare(running.limits.memory)
        tick = _FIRST_TICK
        try:
            while True:
                ready = {file for file, _ in poll.poll(tick * 1000)}
                self._serve_ready(running, ready, poll)
                if ended in ready:
                    break
                passed = self._pass_on(running)
                self._send(b"")
                tick = min(tick * 1.5, _LAST_TICK)
                if passed >= _MUCH:
                    enlarge(guest.results)
                    tick = _FIRST_TICK
                if time.monotonic() - running.begun > _UNWATCHED:
                    self._check_usage(running)
        finally:
            os.close(ended)
        status, used = guest.wait()
        if self._weak:
            end_descendants(self._proc, {self._forker_pid, self._waiting.pid})
        while self._pass_on(running):
            pass
        return status, used

    def _serve_ready(self, running: _Running, ready: set[int], poll: select.poll) -> None:
        """Do what the files that are ready ask for."""
        giving = running.guest.giving
        if giving in ready and not running.guest.give_more():
            poll.unregister(giving)
        if self._forker.fileno() in ready:  # the guest that waits now, or its end
            _ = self._waiting.pid or forker.receive(self._forker)
        if self._stops in ready and self._asked_to_stop(running.serial):
            self._stop(running, "asked")

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

    def _stop(self, running: _Running, why: str) -> None:
        if not running.stopped:
            running.stopped = why
            os.kill(running.guest.pid, signal.SIGKILL)

    def _pass_on(self, running: _Running) -> int:
        """Hand on what the guest has written since; how many bytes."""
        before = running.received
        while running.received - before < _ROUND:
            try:
                data = os.read(running.guest.results, 1 << 20)
            except BlockingIOError:
                break
            if not data:
                break
            running.received += len(data)
            if running.received > running.most:
                self._stop(running, "output")
                break
            self._outgoing += frames.pack(frames.DATA, data)
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

    def _check_usage(self, running: _Running) -> None:
        """Compare what the guest's processes have used with what they may use."""
        usage, limits, now = (
            self._meter.measure(running.guest.pid, self._waiting.pid),
            running.limits,
            time.monotonic(),
        )
        running.usage.cpu = max(running.usage.cpu, usage.cpu)
        running.usage.delay = max(running.usage.delay, usage.delay)
        cpu, wall = (
            limits.total_cpu(running.cases),
            limits.wall * (running.cases if limits.each else 1),
        )
        if running.usage.cpu > cpu or running.usage.cpu - running.case_cpu > limits.cpu:
            self._stop(running, "cpu")
        elif usage.resident > limits.memory:
            self._stop(running, "memory")
        elif now - running.case_begun > limits.wall or now - running.begun > wall:
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
        confine.adopt_orphans()
    else:
        confine.keep_mounts()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the host decides
    try:
        connection, pid = forker.fork_forker(how, packages.split(":"))
        confine.keep_from_tracers()
        _Server(how, connection, pid, int(stops)).serve()
    except (EOFError, ConnectionError) as error:
        raise SystemExit(f"forker: {error}") from None
