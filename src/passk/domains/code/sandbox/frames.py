"""Messages between host, server and guest: a kind, a length, bytes. Read without trust.

Guest to host (through the server, which only counts bytes): one frame per case, then how it
ended. Server to host: those bytes in DATA frames, and one ENDED frame per program, in JSON.
Host to server: one WORK frame per program, in JSON.
"""

import struct

_HEAD = struct.Struct(">cI")
HEAD = _HEAD.size
# Guest to host.
RETURNED, PRINTED, RAISED, OPAQUE = b"r", b"p", b"x", b"o"  # a case; see `task`
UNLOADED = b"l"  # the program does not load; its error
OUT_OF_MEMORY, TOO_MUCH, FINISHED = b"m", b"t", b"f"  # how it ended
# First of all, before the program's first line, one of these:
CONFINED, UNCONFINED = b"c", b"u"  # it begins; the kernel refuses to confine it, and why
# Server to host, and host to server.
READY, DATA, ENDED, WORK = b"R", b"D", b"E", b"W"


class FrameError(ValueError):
    """Bytes that are no frame, or one longer than allowed."""


def pack(kind: bytes, payload: bytes) -> bytes:
    """A frame."""
    return _HEAD.pack(kind, len(payload)) + payload


class Reader:
    """Frames out of a stream of bytes.

    Args:
        longest: bytes that the payload of one frame may have.
    """

    def __init__(self, longest: int) -> None:
        self._longest, self._held = longest, bytearray()

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Kind and payload of the frames that are complete now.

        Raises:
            FrameError: a frame says that it is longer than allowed.
        """
        self._held += data
        complete, position = [], 0
        while len(self._held) - position >= HEAD:
            kind, size = _HEAD.unpack_from(self._held, position)
            if size > self._longest:
                raise FrameError(f"a frame of {size} bytes; at most {self._longest}")
            begin, end = position + HEAD, position + HEAD + size
            if len(self._held) < end:
                break
            complete.append((kind, bytes(self._held[begin:end])))
            position = end
        del self._held[:position]
        return complete


def size_of(head: bytes) -> int:
    """The length that a frame's head states."""
    return int(_HEAD.unpack(head)[1])
