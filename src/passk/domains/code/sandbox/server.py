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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from passk.domains.code.sandbox import confine, forker, frames, guest

_FIRST_TICK, _LAST_TICK = 0.001, 0.02  # seconds between looks at a guest
_UNWATCHED = 0.015  # seconds before the first reckoning of processor time and memory
_MUCH = 1 << 15  # bytes at one look of a guest that is looked at more often, with a larger pipe
_ROUND = 8 << 20  # bytes taken from a guest before looking at the rest
_PIPE_SIZE = 1031  # Linux's F_SETPIPE_SZ
_CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass
class _Usage:
    """What a guest's processes have used so far."""

    cpu: float = 0.0
    delay: float = 0.0  # seconds that they were ready to run and did not
    resident: int = 0


_NONE = _Usage()


@dataclass
class _Guest:
    """A program that runs now."""

    serial: int
    limits: guest.GuestLimits
    pid: int
    results: int
    giving: int
    rest: memoryview
    begun: float = field(default_factory=time.monotonic)
    most: int = 0
    received: int = 0
    stopped: str = ""
    usage: _Usage = field(default_factory=_Usage)


class _Server:
    def __init__(
        self, how: forker.Confinement, connection: socket.socket, other: int, stops: int
    ) -> None:
        self._proc, self._weak, self._stops = how.proc, how.weak, stops
        self._forker = connection
        self._own = set(self._pids())
        _, self._resident = forker.memory(self._proc, str(other))  # before any program
        self._inputs: dict[int, guest.Inputs] = {}
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
                self._inputs[key] = guest.Inputs.of(inputs)
            if self._asked_to_stop(serial):
                self._account(serial, "asked")
            else:
                kept, allowed = self._inputs[key], guest.GuestLimits(*limits)
                most = allowed.output + (len(kept.sizes) + 3) * frames.HEAD
                work = guest.packed(source, entry, prelude, allowed, kept)
                self._run(serial, allowed, work, most)

    def _receive(self) -> list | None:
        """The next message."""
        head = self._exactly(frames.HEAD)
        if head is None:
            return None
        body = self._exactly(frames.size_of(head))
        return None if body is None else json.loads(body)

    def _exactly(self, size: int) -> bytes | None:
        held = bytearray()
        while len(held) < size:
            try:
                part = os.read(0, size - len(held))
            except BlockingIOError:
                select.select([0], [], [])
                continue
            if not part:
                return None
            held += part
        return bytes(held)

    def _run(self, serial: int, limits: guest.GuestLimits, work: bytes, most: int) -> None:
        given, giving = os.pipe()
        results, into = os.pipe()
        socket.send_fds(self._forker, [forker.FORK], [given, into])
        os.close(given)
        os.close(into)
        os.set_blocking(giving, False)
        (pid,) = forker.PID.unpack(forker.receive(self._forker))
        one = _Guest(serial, limits, pid, results, giving, memoryview(work), most=most)
        try:
            status, used = self._watch(one)
        finally:
            os.close(results)
            self._withhold(one)
        one.usage.cpu = max(one.usage.cpu, used)
        self._account(serial, one.stopped, status, one.usage, time.monotonic() - one.begun)

    def _hand(self, one: _Guest) -> bool:
        """Give the guest more of its work; whether some is left."""
        try:
            while one.rest:
                one.rest = one.rest[os.write(one.giving, one.rest) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:  # it has ended
            pass
        self._withhold(one)
        return False

    def _withhold(self, one: _Guest) -> None:
        """Close the pipe of its work."""
        if one.giving >= 0:
            os.close(one.giving)
            one.giving = -1

    def _account(
        self, serial: int, stopped: str, status: int = 0, usage: _Usage = _NONE, wall: float = 0.0
    ) -> None:
        """Tell the host how a program ended."""
        end = {"serial": serial, "stopped": stopped, "status": status, "wall": wall}
        end |= {"cpu": usage.cpu, "delay": usage.delay}
        self._send(frames.pack(frames.ENDED, json.dumps(end).encode()), wait=True)

    def _watch(self, one: _Guest) -> tuple[int, float]:
        """Until the guest has ended: give it its work, pass on what it writes, limit it.

        Returns:
            Its wait status, and the processor time that the kernel counted.

        Raises:
            EOFError: the forker has ended.
        """
        os.set_blocking(one.results, False)
        ended = os.pidfd_open(one.pid)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(self._stops, select.POLLIN)
        poll.register(self._forker, select.POLLIN)
        if self._hand(one):
            fcntl.fcntl(one.giving, _PIPE_SIZE, 1 << 20)
            poll.register(one.giving, select.POLLOUT)
        tick = _FIRST_TICK
        try:
            while True:
                ready = {file for file, _ in poll.poll(tick * 1000)}
                tick = min(tick * 1.5, _LAST_TICK)
                if one.giving in ready:
                    file = one.giving
                    if not self._hand(one):
                        poll.unregister(file)
                if self._forker.fileno() in ready:  # it says nothing while a guest runs
                    forker.receive(self._forker)
                if self._stops in ready and self._asked_to_stop(one.serial):
                    self._stop(one, "asked")
                if self._pass_on(one) >= _MUCH:
                    fcntl.fcntl(one.results, _PIPE_SIZE, 1 << 20)
                    tick = _FIRST_TICK
                if ended in ready:
                    break
                if time.monotonic() - one.begun > _UNWATCHED:
                    self._reckon(one)
        finally:
            os.close(ended)
        self._forker.send(forker.REAP)
        status, used = forker.END.unpack(forker.receive(self._forker))
        while self._pass_on(one):
            pass
        return status, used

    def _asked_to_stop(self, serial: int) -> bool:
        """Whether the host wants this program no more; what it said of later ones is kept."""
        try:
            asked = os.read(self._stops, 1 << 12)  # whole messages of eight bytes
        except BlockingIOError:
            asked = b""
        self._unwanted.update(int.from_bytes(asked[i : i + 8]) for i in range(0, len(asked), 8))
        self._unwanted = {one for one in self._unwanted if one >= serial}
        return serial in self._unwanted

    def _stop(self, one: _Guest, why: str) -> None:
        if not one.stopped:
            one.stopped = why
            os.kill(one.pid, signal.SIGKILL)

    def _pass_on(self, one: _Guest) -> int:
        """Hand on what the guest has written since; how many bytes."""
        before = one.received
        while one.received - before < _ROUND:
            try:
                data = os.read(one.results, 1 << 20)
            except BlockingIOError:
                break
            if not data:
                break
            one.received += len(data)
            if one.received > one.most:
                self._stop(one, "output")
                break
            self._send(frames.pack(frames.DATA, data))
        self._send(b"")
        return one.received - before

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

    def _reckon(self, one: _Guest) -> None:
        """Compare what the guest's processes have used with what they may use."""
        now = _Usage()
        for pid in self._processes(one):
            try:
                self._add(pid, now, pid == one.pid)
            except (FileNotFoundError, ProcessLookupError):
                continue
        one.usage.cpu = max(one.usage.cpu, now.cpu)
        one.usage.delay = max(one.usage.delay, now.delay)
        if one.usage.cpu > one.limits.cpu:
            self._stop(one, "cpu")
        elif now.resident > one.limits.memory:
            self._stop(one, "memory")
        elif time.monotonic() - one.begun > one.limits.wall:
            self._stop(one, "wall")

    def _pids(self) -> Iterator[int]:
        with os.scandir(self._proc) as entries:
            yield from (int(entry.name) for entry in entries if entry.name.isdigit())

    def _processes(self, one: _Guest) -> Sequence[int]:
        if self._weak:
            return [one.pid]
        return [pid for pid in self._pids() if pid not in self._own]

    def _add(self, pid: int, usage: _Usage, first: bool) -> None:
        fields = self._text(f"{pid}/stat").rsplit(b")", 1)[1].split()
        times = [int(value) for value in fields[11:15]]
        usage.cpu += sum(times if first else times[:2]) / _CLOCK
        usage.resident += max(0, forker.memory(self._proc, str(pid))[1] - self._resident)
        try:
            usage.delay += int(self._text(f"{pid}/schedstat").split()[1]) / 1e9
        except FileNotFoundError:  # a kernel without it: the host will retry
            usage.delay = float("inf")

    def _text(self, name: str) -> bytes:
        file = os.open(f"{self._proc}/{name}", os.O_RDONLY)
        try:
            return os.read(file, 4096)
        finally:
            os.close(file)


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
