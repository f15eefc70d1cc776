"""Guests that wait for work, one ahead of need; standard library alone."""

import fcntl
import os
import socket

from passk.domains.code.sandbox import forker

_PIPE_SIZE = 1031  # Linux's F_SETPIPE_SZ
_LARGE = 1 << 20


def enlarge(pipe: int) -> None:
    """Make a pipe larger, where this user's budget of pipes allows; it works without."""
    try:
        fcntl.fcntl(pipe, _PIPE_SIZE, _LARGE)
    except OSError:
        return


class GuestProcess:
    """A guest as the server sees it: process 1 of its namespace, a child of the server's.

    Attributes:
        pid: its process id here.
        results: where to read what it writes.
        giving: where to write its work; -1 once that is done.
    """

    def __init__(self, pid: int, results: int, giving: int) -> None:
        self.pid, self.results, self.giving = pid, results, giving
        self._unsent = memoryview(b"")

    def give(self, work: bytes) -> bool:
        """Begin to give it its work; whether some is left."""
        self._unsent = memoryview(work)
        if self.give_more():
            enlarge(self.giving)
            return self.give_more()
        return False

    def give_more(self) -> bool:
        """Give it more of its work; whether some is left."""
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self.giving, self._unsent) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:  # it has ended
            pass
        self._withhold()
        return False

    def _withhold(self) -> None:
        if self.giving >= 0:
            os.close(self.giving)
            self.giving = -1

    def wait(self) -> tuple[int, float]:
        """Its wait status and processor time, once it has ended."""
        _, status, used = os.wait4(self.pid, 0)
        return status, used.ru_utime + used.ru_stime

    def close(self) -> None:
        """Close what leads to it."""
        self._withhold()
        os.close(self.results)


class WaitingGuest:
    """The guest that waits, and the forker that makes the next.

    Args:
        connection: to the forker.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._forker = connection
        self._pipes: tuple[int, int] | None = None
        self._pid = 0

    def prepare(self, memory: int) -> None:
        """Have one forked, if none waits.

        Args:
            memory: bytes that its /tmp may hold, if its work says the same.
        """
        if self._pipes is not None:
            return
        given, giving = os.pipe()
        results, into = os.pipe()
        socket.send_fds(self._forker, [forker.FORK.pack(memory)], [given, into])
        os.close(given)
        os.close(into)
        for file in (giving, results):
            os.set_blocking(file, False)
        self._pipes, self._pid = (results, giving), 0

    @property
    def pid(self) -> int:
        """Its process id, waiting for it; 0 if none waits.

        Raises:
            EOFError: the forker has ended.
        """
        if self._pipes is not None and not self._pid:
            (self._pid,) = forker.PID.unpack(forker.receive(self._forker))
        return self._pid

    def take(self, memory: int) -> GuestProcess:
        """The guest that waits, or a new one.

        Raises:
            EOFError: the forker has ended.
        """
        self.prepare(memory)
        pid = self.pid
        assert self._pipes is not None
        guest = GuestProcess(pid, *self._pipes)
        self._pipes, self._pid = None, 0
        return guest
