"""What runs a program, in a process that the program owns; standard library alone.

Nothing here is trusted after the program's first line: it may replace all of it. What it writes
to the result pipe are claims about values, read with `frames` and compared by the host.

Functions: prelude and source are run once as module `solution` (as the benchmarks' own harnesses
do, which run them under a name other than `__main__`, so that a solution's own demonstration
does not run), then the entry is called per case. Whole programs: each case in a fork of its own,
as `__main__`, to its end, including threads, exit handlers and files left open, as a judge's
`python file` would. One thing differs: `/dev/stdin` and its like are links into /proc, which guests
do not have; `open(0)` reads the same.
"""

import builtins
import contextlib
import gc
import io
import json
import os
import random
import select
import signal
import struct
import sys
import types
from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import Any, NoReturn, Self

from passk.domains.code.sandbox import frames, values

_MESSAGE = 500  # characters of an exception's message that are kept
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


@dataclass(frozen=True)
class Inputs:
    """Inputs as bytes, one after the other, and the length of each."""

    sizes: list[int]
    joined: bytes

    @classmethod
    def of(cls, texts: list[str]) -> Self:
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


def packed(
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
    begin = os.read(file, 1 << 16)
    size, rest = _SIZES.unpack_from(begin)
    data = memoryview(bytearray(_SIZES.size + size + rest))
    data[: len(begin)] = begin
    held = len(begin)
    while held < len(data):
        got = os.readv(file, [data[held:]])
        if not got:
            raise OSError("the work of this program ends too early")
        held += got
    os.close(file)
    at = _SIZES.size + size
    source, entry, prelude, limits, sizes = json.loads(bytes(data[_SIZES.size : at]))
    inputs = []
    for length in sizes:
        inputs.append(str(data[at : at + length], "utf-8", "surrogatepass"))
        at += length
    return Work(source, entry, prelude, GuestLimits(*limits), inputs)


class _FullError(Exception):
    """More output than is allowed."""


class _Results:
    """The result pipe. One write per case: what is written outlives a program that kills itself."""

    def __init__(self, file: int, most: int) -> None:
        self._file, self._left = file, most

    def write(self, kind: bytes, payload: bytes) -> None:
        self._left -= len(payload)
        if self._left < 0:
            raise _FullError
        data = frames.pack(kind, payload)
        while data:
            data = data[os.write(self._file, data) :]


def run(work: Work, results: int) -> None:
    """Run a program and write what became of its cases; returns or not."""
    out = _Results(results, work.limits.output)
    gc.enable()
    try:
        if work.entry is None:
            _whole(work, out)
        else:
            _function(work, work.entry, out)
        out.write(frames.FINISHED, b"")
    except MemoryError:
        out.write(frames.OUT_OF_MEMORY, b"")
    except _FullError:
        os.write(results, frames.pack(frames.TOO_MUCH, b""))


def define_exit() -> None:
    """Define `exit` and `quit`, as `site` does, which the sandbox's interpreter leaves out."""

    def leave(code: object = None) -> NoReturn:
        raise SystemExit(code)

    builtins.exit = builtins.quit = leave  # type: ignore[assignment]


def described(error: BaseException) -> bytes:
    """An exception's type and message; both are the program's to say."""
    try:
        text = f"{type(error).__name__}: {str(error)[:_MESSAGE]}"
    except BaseException:
        text = "an exception that cannot be described"
    return text.encode("ascii", "backslashreplace")


def _function(work: Work, entry: str, out: _Results) -> None:
    try:
        call = _load(work, entry)
    except MemoryError:
        raise
    except BaseException as error:
        out.write(frames.UNLOADED, described(error))
        return
    for given in work.inputs:
        arguments = values.decode(given)
        try:
            value = call(*arguments)
        except MemoryError:
            raise
        except BaseException as error:
            out.write(frames.RAISED, described(error))
            continue
        try:
            text = values.digest(value, work.limits.whole) or values.encode(value)
        except MemoryError:
            raise
        except BaseException:
            out.write(frames.OPAQUE, type.__dict__["__name__"].__get__(type(value)).encode()[:200])
            continue
        out.write(frames.RETURNED, text.encode("ascii"))


def _load(work: Work, entry: str) -> Callable[..., Any]:
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    for name, text in (("<prelude>", work.prelude), ("<program>", work.source)):
        if text:
            exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
    owner, _, method = entry.rpartition(".")
    if not owner:
        return module.__dict__[entry] if entry in module.__dict__ else _missing(entry)
    made = module.__dict__[owner] if owner in module.__dict__ else _missing(owner)
    # A new instance per case, as the benchmarks have it.
    return lambda *arguments: getattr(made(), method)(*arguments)  # noqa: PLW0108


def _missing(name: str) -> Any:  # noqa: ANN401
    raise NameError(f"the program does not define {name!r}")


def _whole(work: Work, out: _Results) -> None:
    try:
        code = [
            compile(text, name, "exec", dont_inherit=True)
            for name, text in (("<prelude>", work.prelude), ("<program>", work.source))
            if text
        ]
    except MemoryError:
        raise
    except BaseException as error:
        out.write(frames.UNLOADED, described(error))
        return
    left = work.limits.output
    for given in work.inputs:
        kind, payload = _process(code, given, left)
        left -= len(payload)
        out.write(kind, payload)


def _process(code: list[types.CodeType], given: str, most: int) -> tuple[bytes, bytes]:
    """One case in a process of its own, and the end of all that it leaves behind."""
    source, target = os.pipe(), os.pipe()
    complaint = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(source[0], 0)
            os.dup2(target[1], 1)
            os.dup2(complaint[1], 3)
            os.closerange(4, 64)
            _main(code)
        finally:
            os._exit(1)
    for file in (source[0], target[1], complaint[1]):
        os.close(file)
    printed = _converse(pid, source[1], target[0], given.encode("utf-8", "surrogatepass"), most)
    _, status = os.waitpid(pid, 0)
    os.set_blocking(complaint[0], False)
    try:
        said = os.read(complaint[0], 4096)
    except BlockingIOError:
        said = b""
    _end_all()
    for file in (target[0], complaint[0]):
        os.close(file)
    if said == b"MemoryError":
        raise MemoryError
    if said:
        return frames.RAISED, said
    if os.WIFSIGNALED(status):
        return frames.RAISED, f"signal {os.WTERMSIG(status)}".encode()
    if status:
        return frames.RAISED, f"exit status {os.WEXITSTATUS(status)}".encode()
    return frames.PRINTED, printed


class _Printed:
    """Standard output of a process, read without waiting."""

    def __init__(self, file: int, most: int) -> None:
        self._file, self._left = file, most
        self._parts: list[bytes] = []
        os.set_blocking(file, False)

    def read(self) -> bool:
        """Read a part; False where there is none (yet)."""
        try:
            part = os.read(self._file, 1 << 16)
        except BlockingIOError:
            return False
        self._left -= len(part)
        if self._left < 0:
            raise _FullError
        self._parts.append(part)
        return bool(part)

    def all(self) -> bytes:
        """With what is still in the pipe."""
        while self.read():
            pass
        return b"".join(self._parts)


def _converse(pid: int, stdin: int, stdout: int, given: bytes, most: int) -> bytes:
    """Feed standard input and read standard output until the process has ended."""
    ended = os.pidfd_open(pid)
    os.set_blocking(stdin, False)
    printed, rest = _Printed(stdout, most), memoryview(given)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(stdout, select.POLLIN)
    poll.register(stdin, select.POLLOUT)
    ready = {stdin}
    while ended not in ready:
        if stdin in ready:
            try:
                rest = rest[os.write(stdin, rest[:65536]) :]
            except BlockingIOError:
                pass
            except BrokenPipeError:  # it reads no more
                rest = rest[:0]
            if not rest:
                poll.unregister(stdin)
                os.close(stdin)
        if stdout in ready and not printed.read():
            poll.unregister(stdout)  # it prints no more
        ready = {file for file, _ in poll.poll()}
    if rest:
        os.close(stdin)
    os.close(ended)
    return printed.all()


def _end_all() -> None:
    """Kill what the process left behind: all but process 1, which this is when confined."""
    if not _confined:
        return
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _main(code: list[types.CodeType]) -> None:
    random.seed(0)  # a fork through the interpreter has seeded it from the system
    sys.argv = ["program"]
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__ = sys.stdin, sys.stdout  # type: ignore[misc]
    try:
        with contextlib.suppress(SystemExit):  # whatever its status, as benchmarks' harnesses do
            _execute(code)
        _finish()
    except MemoryError:
        os.write(3, b"MemoryError")
    except BaseException as error:
        os.write(3, described(error))
    os._exit(0)


def _execute(code: list[types.CodeType]) -> None:
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    for part in code:
        exec(part, module.__dict__)


def _finish() -> None:
    """What the interpreter does at its end: wait for threads, exit handlers, flush, finalize."""
    import atexit

    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    # The module goes, and with it what only it held: finalizers run, files are closed.
    sys.modules.pop("__main__", None)
    gc.collect()
    left = [one for one in gc.get_objects() if issubclass(type(one), _WRITERS)]
    # Texts into buffers before buffers into files.
    for file in [*sorted(left, key=_is_buffer), sys.stdout, sys.__stdout__]:
        try:
            if file is not None and not getattr(file, "closed", False):
                file.flush()
        except MemoryError:
            raise
        except Exception:  # a program's own, at its very end
            continue


_WRITERS = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)


def _is_buffer(file: object) -> bool:
    return not issubclass(type(file), io.TextIOWrapper)


_confined = True


def without_confinement() -> None:
    """Isolation is weak: no filter, no process namespace."""
    global _confined  # noqa: PLW0603  (set once, before the first fork)
    _confined = False
    random.seed(0)
