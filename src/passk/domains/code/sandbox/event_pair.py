"""What stands for `socket.socketpair` in a guest, so that asyncio works; standard library alone.

A socket, or a pipe, has a number (`os.fstat(...).st_ino`) from one counter of the whole machine, on
which one program could leave a message for the next by making many. Guests make neither. Of a pair
an event loop asks only that one end wakes the other, which an eventfd does: these have no number.
"""

import os
import socket


class EventEnd:
    """One end of a pair; what is sent arrives as so many zero bytes."""

    def __init__(self, file: int) -> None:
        self._file = file

    def fileno(self) -> int:
        """Its descriptor; -1 once it is closed."""
        return self._file

    def setblocking(self, flag: bool) -> None:
        """See `socket.socket`."""
        os.set_blocking(self._file, flag)

    def send(self, data: bytes) -> int:
        """Wake the other end."""
        os.eventfd_write(self._file, len(data))
        return len(data)

    def recv(self, size: int) -> bytes:
        """As many zeros as were sent since.

        Raises:
            BlockingIOError: none were, and this end does not wait.
        """
        return bytes(min(size, os.eventfd_read(self._file)))

    def close(self) -> None:
        """Close this end."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def make_pair() -> tuple[EventEnd, EventEnd]:
    """Two ends of one eventfd."""
    file = os.eventfd(0)
    return EventEnd(file), EventEnd(os.dup(file))


def replace_socketpair() -> None:
    """From here on `socket.socketpair` makes such pairs."""
    socket.socketpair = make_pair  # type: ignore[assignment]
