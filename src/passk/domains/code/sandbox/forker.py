"""Forks a guest for each program; standard library alone.

Every guest can read all memory of the process that it was forked from, whatever the interpreter
lets it see: also what that process has freed. So this process, forked before the server reads its
first message, never sees a byte of any program, input or output. It imports what programs usually
import, is handed the two pipes of a guest, and tells the server who the guest is and how it
ended. The guest itself reads its work, and no other's, from its pipe.
"""

import gc
import importlib
import os
import random
import resource
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from passk.domains.code.sandbox import confine, frames, guest, whole_program
from passk.domains.code.sandbox.work import Work
from passk.domains.code.sandbox.work import receive as receive_work

# What programs usually import: here, so that it is paid once. Whatever else a program imports it
# pays itself; each module here costs every program (its pages are copied at the fork).
_USUAL = """
    abc array bisect cmath collections collections.abc contextlib copy dataclasses datetime decimal
    enum fractions functools heapq io itertools json math numbers operator queue random re
    statistics string struct threading time traceback types typing
"""
_FILES = 64  # open files of a guest
_ENTRIES = 4096  # files and folders in its /tmp
_PAGE = os.sysconf("SC_PAGE_SIZE")
_RESULTS = 3  # the guest's descriptor of its result pipe

# Messages, one packet each. The server's: FORK with the guest's ends of its work and result
# pipes, and REAP once it has seen the guest end. The answers: PID, and END with the wait status
# and the processor time that the kernel counted.
READY, FORK, REAP = b"ready", b"fork", b"reap"
PID, END = struct.Struct("=q"), struct.Struct("=id")
PACKET = 64  # bytes that none of them reaches


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
        if how.weak:
            confine.adopt_orphans()
        folder, *names = packages
        if names:
            sys.path.append(folder)
        for name in [*_USUAL.split(), *names]:
            importlib.import_module(name)
        guest.define_exit()
        sys.set_int_max_str_digits(0)  # as judges' interpreters; processor time is limited anyway
        random.seed(0)  # the same for every program, and for every server
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1024), hard))
        # Whoever shares the guest's user: in a user namespace, all that are here now.
        self._others = len(self._pids()) if how.user is None else 0
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
            given, results = files
            pid = os.fork() if self._how.weak else confine.fork_confined()
            if pid == 0:
                self._child(given, results)
            os.close(given)
            os.close(results)
            server.send(PID.pack(pid))
            if not server.recv(PACKET):  # until then its process id is nobody else's
                return
            _, status, used = os.wait4(pid, 0)
            if self._how.weak:
                self._end_descendants()
            server.send(END.pack(status, used.ru_utime + used.ru_stime))

    def _child(self, given: int, results: int) -> None:
        """Become the guest. Never returns."""
        status = 1
        try:
            try:
                work = receive_work(given)
                results = self._confine(work, results)
            except OSError as error:
                os.write(results, frames.pack(frames.UNCONFINED, str(error).encode()))
                return
            # From here on nothing that goes wrong is said to be the sandbox's doing.
            os.write(results, frames.pack(frames.CONFINED, b""))
            guest.run(work, results)
            status = 0
        finally:
            os._exit(status)

    def _confine(self, work: Work, results: int) -> int:
        if results != _RESULTS:
            os.dup2(results, _RESULTS)
        nothing = os.open("/dev/null", os.O_RDWR)
        for file in (0, 1, 2):
            os.dup2(nothing, file)
        os.closerange(_RESULTS + 1, 256)
        os.setsid()  # signals to its process group must not reach the server
        if self._how.weak:
            confine.die_with_parent()
            whole_program.without_confinement()
        else:
            confine.enter(self._how.user, work.limits.memory, _ENTRIES)
        most = work.limits
        processes = None if self._how.weak else self._others + most.processes
        file_size = max(most.file_size, whole_program.input_size(work))
        cpu = most.total_cpu(len(work.inputs))
        confine.limit(cpu, self._mapped + most.memory, processes, file_size, _FILES)
        if not self._how.weak:
            confine.filter_calls()
        return _RESULTS

    def _pids(self) -> list[int]:
        with os.scandir(self._how.proc) as entries:
            return [int(entry.name) for entry in entries if entry.name.isdigit()]

    def _end_descendants(self) -> None:
        """Weak isolation: whoever is left was adopted by this process; kill until nobody is."""
        while children := [pid for pid in self._pids() if self._is_child(pid)]:
            for child in children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)

    def _is_child(self, pid: int) -> bool:
        try:
            with Path(f"{self._how.proc}/{pid}/stat").open("rb") as file:
                return int(file.read().rsplit(b")", 1)[1].split()[1]) == os.getpid()
        except (FileNotFoundError, ProcessLookupError):
            return False
