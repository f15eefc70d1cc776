"""The work of a guest: a program with its inputs, packed for a pipe; standard library alone."""

import functools
import marshal
import os
import struct
import types
from dataclasses import dataclass
from typing import NamedTuple, Self

_SIZES = struct.Struct(">QQ")


class GuestLimits(NamedTuple):
    """See `task.Limits`, whose order this has."""

    cpu: float
    wall: float
    memory: int
    processes: int
    file_size: int
    output: int
    whole: int = 0
    each: bool = False
    floats: bool = False

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


class Work(NamedTuple):
    """A program; see `task.Program`.

    Attributes:
        prelude: its code, of `compile_prelude`; empty where there is none.
        inputs: as bytes.
    """

    source: str
    entry: str | None
    prelude: bytes
    limits: GuestLimits
    inputs: list[bytes]


@functools.lru_cache(maxsize=256)
def compile_prelude(text: str) -> bytes:
    """The code of a benchmark's prelude, once for all its programs."""
    try:
        return marshal.dumps(compile(text, "<prelude>", "exec", dont_inherit=True))
    except (SyntaxError, ValueError) as error:
        return marshal.dumps(compile(f"raise SyntaxError({str(error)!r})", "<prelude>", "exec"))


def load_prelude(work: Work) -> types.CodeType:
    """The prelude's code."""
    code: types.CodeType = marshal.loads(work.prelude)
    return code


def pack(
    source: str, entry: str | None, prelude: str, limits: GuestLimits, inputs: Inputs
) -> bytes:
    """What `receive` reads."""
    code = compile_prelude(prelude) if prelude else b""
    head = marshal.dumps((source, entry, code, tuple(limits), inputs.sizes))
    return b"".join((_SIZES.pack(len(head), len(inputs.joined)), head, inputs.joined))


def receive(file: int) -> Work | None:
    """Read the work from a pipe, and close it; None if there is none.

    Raises:
        OSError: the pipe ends too early.
    """
    start = os.read(file, 1 << 16)
    if not start:
        return None
    head_size, inputs_size = _SIZES.unpack_from(start)
    total = _SIZES.size + head_size + inputs_size
    data = memoryview(start) if total == len(start) else _read_rest(file, start, total)
    os.close(file)
    position = _SIZES.size + head_size
    source, entry, prelude, limits, sizes = marshal.loads(data[_SIZES.size : position])
    inputs = []
    for length in sizes:
        inputs.append(bytes(data[position : position + length]))
        position += length
    return Work(source, entry, prelude, GuestLimits(*limits), inputs)


def _read_rest(file: int, start: bytes, total: int) -> memoryview:
    data = memoryview(bytearray(total))
    data[: len(start)] = start
    filled = len(start)
    while filled < total:
        count = os.readv(file, [data[filled:]])
        if not count:
            raise OSError("the work of this program ends too early")
        filled += count
    return data
