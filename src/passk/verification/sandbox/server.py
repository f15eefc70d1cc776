"""The server in the sandbox: stays, and forks a guest for each program; standard library alone.

It is started by `pool` in bubblewrap, reads one program at a time from its standard input, watches
the guest from outside the guest's process namespace, and never interprets what the guest writes.
When it ends, or whoever started it does, everything in the sandbox ends.
"""

import fcntl
import gc
import importlib
import json
import os
import random
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from passk.verification.sandbox import confine, frames, guest

# What programs usually import: here, so that it is paid once. Whatever else a program imports it
# pays itself; each module here costs every program (its pages are copied at the fork).
_USUAL = """
    abc array bisect cmath collections collections.abc contextlib copy dataclasses datetime decimal
    enum fractions functools heapq io itertools json math numbers operator queue random re
    statistics string struct threading time traceback types typing
"""
_FILES = 64  # open files of a guest
_ENTRIES = 4096  # files and folders in its /tmp
_FIRST_TICK, _LAST_TICK = 0.001, 0.02  # seconds between looks at a guest
_UNWATCHED = 0.015  # seconds before the first reckoning of processor time and memory
_MUCH = 1 << 15  # bytes at one look of a guest that is looked at more often, with a larger pipe
_ROUND = 8 << 20  # bytes taken from a guest before looking at the rest
_PIPE_SIZE = 1031  # Linux's F_SETPIPE_SZ
_PAGE = os.sysconf("SC_PAGE_SIZE")
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
    work: guest.Work
    pid: int
    results: int
    begun: float = field(default_factory=time.monotonic)
    most: int = 0
    received: int = 0
    stopped: str = ""
    usage: _Usage = field(default_factory=_Usage)


class _Server:
    def __init__(self, proc: str, user: int | None, weak: bool, stops: int) -> None:
        self._proc, self._user, self._weak, self._stops = proc, user, weak, stops
        self._own = set(self._pids())
        self._mapped, self._resident = self._statm("self")  # before any program
        # Whoever shares the guest's user: in a user namespace, this process and process 1.
        self._others = len(self._own) if user is None else 0
        self._inputs: dict[int, list[str]] = {}
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
                self._inputs[key] = inputs
            if self._asked_to_stop(serial):
                self._account(serial, "asked")
            else:
                work = guest.Work(source, entry, self._inputs[key], prelude, *limits)
                self._run(serial, work)

    def _receive(self) -> list | None:
        """The next message; not a byte past it, so that no guest inherits another's program."""
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

    def _run(self, serial: int, work: guest.Work) -> None:
        results, into = os.pipe()
        pid = os.fork() if self._weak else confine.fork_confined()
        if pid == 0:
            self._child(work, into)
        os.close(into)
        one = _Guest(serial, work, pid, results)
        one.most = work.output + (len(work.inputs) + 2) * frames.HEAD
        try:
            status, used = self._watch(one)
        finally:
            os.close(results)
        one.usage.cpu = max(one.usage.cpu, used)
        self._account(serial, one.stopped, status, one.usage, time.monotonic() - one.begun)

    def _account(
        self, serial: int, stopped: str, status: int = 0, usage: _Usage = _NONE, wall: float = 0.0
    ) -> None:
        """Tell the host how a program ended."""
        end = {"serial": serial, "stopped": stopped, "status": status, "wall": wall}
        end |= {"cpu": usage.cpu, "delay": usage.delay}
        self._send(frames.pack(frames.ENDED, json.dumps(end).encode()), wait=True)

    def _child(self, work: guest.Work, into: int) -> None:
        """Become the guest. Never returns."""
        try:
            nothing = os.open("/dev/null", os.O_RDWR)
            if into != 3:
                os.dup2(into, 3)
            for file in (0, 1, 2):
                os.dup2(nothing, file)
            os.closerange(4, 256)
            os.setsid()  # signals to its process group must not reach this server
            if self._weak:
                confine.die_with_parent()
                guest.without_confinement()
            else:
                confine.enter(self._user, work.memory, _ENTRIES)
            processes = None if self._weak else self._others + work.processes
            memory = self._mapped + work.memory
            confine.limit(work.cpu, memory, processes, work.file_size, _FILES)
            self._inputs.clear()
            guest.run(work, 3)
        except OSError as error:
            os.write(3, frames.pack(frames.UNCONFINED, str(error).encode()))
        finally:
            os._exit(0)

    def _watch(self, one: _Guest) -> tuple[int, float]:
        """Until the guest has ended: pass on what it writes, keep it to its limits.

        Returns:
            Its wait status, and the processor time that the kernel counted.
        """
        os.set_blocking(one.results, False)
        ended = os.pidfd_open(one.pid)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(self._stops, select.POLLIN)
        tick = _FIRST_TICK
        try:
            while True:
                ready = {file for file, _ in poll.poll(tick * 1000)}
                tick = min(tick * 1.5, _LAST_TICK)
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
        _, status, used = os.wait4(one.pid, 0)
        if self._weak:
            self._end_descendants()
        while self._pass_on(one):
            pass
        return status, used.ru_utime + used.ru_stime

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
        if one.usage.cpu > one.work.cpu:
            self._stop(one, "cpu")
        elif now.resident > one.work.memory:
            self._stop(one, "memory")
        elif time.monotonic() - one.begun > one.work.wall:
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
        usage.resident += max(0, self._statm(str(pid))[1] - self._resident)
        try:
            usage.delay += int(self._text(f"{pid}/schedstat").split()[1]) / 1e9
        except FileNotFoundError:  # a kernel without it: the host will retry
            usage.delay = float("inf")

    def _statm(self, pid: str) -> tuple[int, int]:
        mapped, resident = self._text(f"{pid}/statm").split()[:2]
        return int(mapped) * _PAGE, int(resident) * _PAGE

    def _text(self, name: str) -> bytes:
        file = os.open(f"{self._proc}/{name}", os.O_RDONLY)
        try:
            return os.read(file, 4096)
        finally:
            os.close(file)

    def _end_descendants(self) -> None:
        """Weak isolation: whoever is left was adopted by this process; kill until nobody is."""
        while True:
            children = []
            for pid in self._pids():
                try:
                    parent = int(self._text(f"{pid}/stat").rsplit(b")", 1)[1].split()[1])
                    children += [pid] if parent == os.getpid() else []
                except (FileNotFoundError, ProcessLookupError):
                    continue
            if not children:
                return
            for child in children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def main(arguments: Sequence[str]) -> None:
    """Serve.

    Args:
        arguments: the file of stop requests; "weak", "user" or, for the host's root, the user
            that guests become; where /proc is; site-packages and packages, between colons.
    """
    stops, isolation, proc, packages = arguments
    weak, user = isolation == "weak", int(isolation) if isolation.isdigit() else None
    if weak:
        confine.adopt_orphans()
        confine.die_with_parent()
    else:
        confine.keep_mounts()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the host decides
    folder, *names = packages.split(":")
    if names:
        sys.path.append(folder)
    for name in [*_USUAL.split(), *names]:
        importlib.import_module(name)
    random.seed(0)  # the same for every program, and for every server
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1024), hard))
    server = _Server(proc, user, weak, int(stops))
    gc.collect()
    gc.freeze()  # fewer pages are written, and so copied, by a guest
    gc.disable()
    server.serve()
