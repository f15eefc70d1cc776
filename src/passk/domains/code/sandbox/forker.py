"""Forks a guest for each program; standard library alone.

Every guest can read all memory of the process that it was forked from, whatever the interpreter
lets it see: also what that process has freed. So this process, forked before the server reads its
first message, never sees a byte of any program, input or output. It imports what programs usually
import, is handed the two pipes of a guest, and forks it as a child of the server's, which waits for
it. A guest is forked before there is work for it, makes its /tmp, and waits. Then it reads its
work, and no other's, from its pipe, gives up all privilege, and runs it.
"""

import gc
import importlib
import os
import random
import resource
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from passk.domains.code.sandbox import confine, event_pair, frames, guest, whole_program
from passk.domains.code.sandbox.work import GuestLimits, Work
from passk.domains.code.sandbox.work import receive as receive_work

# What programs usually import: here, so that it is paid once. Whatever else a program imports it
# pays itself; each module here costs every program (its pages are copied at the fork).
_USUAL = """
    abc array atexit bisect cmath collections collections.abc contextlib copy dataclasses datetime
    decimal enum fractions functools heapq io itertools json math numbers operator queue random re
    statistics string struct threading time traceback types typing
"""
_FILES = 64  # open files of a guest
_ENTRIES = 4096  # files and folders in its /tmp
_PAGE = os.sysconf("SC_PAGE_SIZE")
_RESULTS, _GIVEN = 3, 4  # the guest's descriptors of its result pipe, and of its work

# Messages, one packet each. The server's: FORK, with the bytes that the guest's /tmp may hold and
# the guest's ends of its work and result pipes. The answer: PID, of a child of the server's.
READY = b"ready"
FORK, PID = struct.Struct("=Q"), struct.Struct("=q")
PACKET = 64  # bytes that none of them reaches

# Run here before any guest is forked: code that has run has settled, and a guest that runs it again
# writes, and so copies, a fifth fewer pages.
_WARM_UP = """
from typing import List
def f(values: List[int]) -> int:
    found = {}
    for i, value in enumerate(sorted(values)):
        found.setdefault(str(value), []).append(value * i + 0.5)
    return sum(len(key) for key in found if key)
"""


@dataclass(frozen=True)
class Confinement:
    """How guests are confined.

    Attributes:
        weak: limits alone.
        user: who guests become, where the server is the host's root.
        proc: where /proc is.
    """

    weak: bool
    user: int | None
    proc: str


def fork_forker(how: Confinement, packages: Sequence[str]) -> tuple[socket.socket, int]:
    """Start it, and wait until it has imported what it imports.

    Args:
        how: the confinement.
        packages: the folder of site-packages, and packages in it to import.

    Returns:
        The connection to it, and its process id.

    Raises:
        EOFError: it died; why is on standard error.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        try:
            confine.die_with_parent()
            _hold_nothing_else(theirs.fileno())
            _Forker(how, packages).serve(theirs)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(1)
    theirs.close()
    receive(ours)
    return ours, pid


def receive(connection: socket.socket) -> bytes:
    """The next message.

    Raises:
        EOFError: the other side has ended.
    """
    message = connection.recv(PACKET)
    if not message:
        raise EOFError("the other process of the server has ended")
    return message


def memory(proc: str, pid: str) -> tuple[int, int]:
    """Bytes that a process has mapped, and those that are in memory."""
    file = os.open(f"{proc}/{pid}/statm", os.O_RDONLY)
    try:
        mapped, resident = os.read(file, 4096).split()[:2]
    finally:
        os.close(file)
    return int(mapped) * _PAGE, int(resident) * _PAGE


def list_pids(proc: str) -> list[int]:
    """Processes that /proc shows."""
    with os.scandir(proc) as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit()]


def _hold_nothing_else(kept: int) -> None:
    """Give up the connection to the host and all else, but for standard error."""
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.closerange(3, kept)
    os.closerange(kept + 1, 256)


class _Forker:
    def __init__(self, how: Confinement, packages: Sequence[str]) -> None:
        self._how = how
        folder, *names = packages
        if names:
            sys.path.append(folder)
        for name in [*_USUAL.split(), *names]:
            importlib.import_module(name)
        confine.use_one_heap()
        guest.define_exit()
        whole_program.open_standard_files()
        if not how.weak:
            event_pair.replace_socketpair()
        sys.set_int_max_str_digits(0)  # as judges' interpreters; processor time is limited anyway
        _warm_up()
        random.seed(0)  # the same for every program, and for every server
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1024), hard))
        # Whoever shares the guest's user: in a user namespace, all that are here now, and the
        # guest that waits.
        self._others = len(list_pids(how.proc)) + 1 if how.user is None else 0
        gc.collect()
        gc.freeze()  # fewer pages are written, and so copied, by a guest
        gc.disable()
        self._mapped, _ = memory(how.proc, "self")

    def serve(self, server: socket.socket) -> None:
        """Fork guests until the server ends."""
        server.send(READY)
        while True:
            message, files, _, _ = socket.recv_fds(server, PACKET, 2)
            if not message:
                return
            pid = confine.fork(confined=not self._how.weak, sibling=True)
            if pid == 0:
                self._child(*files, *FORK.unpack(message))
            for file in files:
                os.close(file)
            server.send(PID.pack(pid))

    def _child(self, given: int, results: int, size: int) -> None:
        """Become the guest. Never returns."""
        status = 1
        try:
            try:
                given, results = self._prepare(given, results, size)
                work = receive_work(given)
                if work is None:  # the server has ended
                    return
                self._confine(work, size)
            except OSError as error:
                os.write(results, frames.pack(frames.UNCONFINED, str(error).encode()))
                return
            # From here on nothing that goes wrong is said to be the sandbox's doing.
            os.write(results, frames.pack(frames.CONFINED, b""))
            guest.run(work, results, confined=not self._how.weak)
            status = 0
        finally:
            os._exit(status)

    def _prepare(self, given: int, results: int, size: int) -> tuple[int, int]:
        """What needs no work: descriptors, /tmp, memory."""
        if self._how.weak:  # confined, it dies with its server's namespace
            confine.die_with_parent()
        os.dup2(given, _GIVEN + _FILES)  # out of the way of the other
        os.dup2(results, _RESULTS)
        os.dup2(_GIVEN + _FILES, _GIVEN)
        os.closerange(_GIVEN + 1, 256)
        nothing = os.open("/dev/null", os.O_RDWR)
        for file in (0, 1, 2):
            os.dup2(nothing, file)
        os.close(nothing)
        os.setsid()  # signals to its process group must not reach the server
        if not self._how.weak:
            confine.mount_files(size, _ENTRIES)
        return _GIVEN, _RESULTS

    def _confine(self, work: Work, size: int) -> None:
        """Limits, and no privilege; the filter of calls comes where the program is run."""
        most = work.limits
        if not self._how.weak:
            if most.memory != size:
                confine.mount_files(most.memory, _ENTRIES, again=True)
            confine.drop_privileges(self._how.user)
        processes = None if self._how.weak else self._others + most.processes
        cpu = most.total_cpu(len(work.inputs))
        file_size = most.file_size if work.entry is not None else whole_program.file_size(work)
        confine.limit(cpu, self._mapped + most.memory, processes, file_size, _FILES)
        if not self._how.weak:  # a whole program's cases are filtered further
            confine.filter_calls(supervisor=work.entry is None)


def _warm_up() -> None:
    limits = GuestLimits(cpu=1, wall=1, memory=0, processes=1, file_size=0, output=1 << 16)
    nothing = os.open("/dev/null", os.O_WRONLY)
    for _ in range(4):
        guest.run(Work(_WARM_UP, "f", b"", limits, [b"[[1,2,3]]"] * 4), nothing, confined=False)
    os.close(nothing)
    del sys.modules["solution"]
