"""Messages between a stage and its engine's process: JSON, and bytes beside it, over pipes.

A message is two lengths (4 bytes each, big-endian), so many bytes of JSON, and so many of payload.
Both ends are of the same study, on one machine; nothing is unpickled all the same. The standard
library only: it is imported in the engine's environment.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

_HEAD = struct.Struct(">II")

Message = tuple[dict[str, Any], bytes]


def send(stream: BinaryIO, header: Mapping[str, Any], payload: bytes = b"") -> None:
    """Write a message, whole.

    Raises:
        OSError: the other end is closed.
    """
    text = json.dumps(header).encode()
    stream.write(_HEAD.pack(len(text), len(payload)) + text + payload)
    stream.flush()


def receive(stream: BinaryIO) -> Message | None:
    """Read a message; None where the stream ends, also in the middle of one."""
    head = _read(stream, _HEAD.size)
    if head is None:
        return None
    length, size = _HEAD.unpack(head)
    text, payload = _read(stream, length), _read(stream, size)
    return None if text is None or payload is None else (json.loads(text), payload)


def _read(stream: BinaryIO, size: int) -> bytes | None:
    content = stream.read(size)
    return content if len(content) == size else None
