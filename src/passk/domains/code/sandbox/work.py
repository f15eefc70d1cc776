"""The work of a guest: a program with its inputs, packed for a pipe; standard library alone."""

import json
import os
import struct
from dataclasses import astuple, dataclass
from typing import Self

_SIZES = struct.Struct(">QQ")


@dataclass(frozen=True)
class GuestLimits:
    """See `task.Limits`, whose order this has."""

    cpu: float
    wall: float
    memory: int
    processes: int
    file_size: int
    output: int
    whole: int = 0
    each: bool = False

    def total_cpu(self, cases: int) -> float:
        """Seconds of processor time that a program may use for all its cases."""
        return self.cpu * max(cases, 1) if self.each else self.cpu


@dataclass(frozen=True)
class Inputs:
    """Inputs as bytes, one after the other, and the length of each."""

    sizes: list[int]
    joined: bytes

    @classmethod
    def join(cls, texts: list[str]) -> Self:
        """Inputs of texts."""
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        return cls([len(part) for part in parts], b"".join(parts))


@dataclass(frozen=True)
class Work:
    """A program; see `task.Program`."""

    source: str
    entry: str | None
    prelude: str
    limits: GuestLimits
    inputs: list[str]


def pack(
    source: str, entry: str | None, prelude: str, limits: GuestLimits, inputs: Inputs
) -> bytes:
    """What `receive` reads."""
    head = json.dumps([source, entry, prelude, astuple(limits), inputs.sizes]).encode()
    return b"".join((_SIZES.pack(len(head), len(inputs.joined)), head, inputs.joined))


def receive(file: int) -> Work:
    """Read the work from a pipe, and close it.

    Raises:
        OSError: the pipe ends too early.
    """
    start = os.read(file, 1 << 16)
    head_size, inputs_size = _SIZES.unpack_from(start)
    data = memoryview(bytearray(_SIZES.size + head_size + inputs_size))
    data[: len(start)] = start
    filled = len(start)
    while filled < len(data):
        count = os.readv(file, [data[filled:]])
        if not count:
            raise OSError("the work of this program ends too early")
        filled += count
    os.close(file)
    position = _SIZES.size + head_size
    source, entry, prelude, limits, sizes = json.loads(bytes(data[_SIZES.size : position]))
    inputs = []
    for length in sizes:
        inputs.append(str(data[position : position + length], "utf-8", "surrogatepass"))
        position += length
    return Work(source, entry, prelude, GuestLimits(*limits), inputs)
