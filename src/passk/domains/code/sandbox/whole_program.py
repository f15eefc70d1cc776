"""Programs that read standard input and print; standard library alone.

Each case runs in a fork of its own, as `__main__`, to its end, including threads, exit handlers and
files left open, as a judge's `python program < input` would: standard input is a file, so that
`os.fstat(0).st_size` and one large `os.read` give all of it, and `/dev/stdin` is a link to it.
One thing differs: `/dev/stdout` is a link into /proc, which guests do not have.
"""

import contextlib
import gc
import io
import os
import random
import select
import signal
import sys
import types
from pathlib import Path

from passk.domains.code.sandbox import frames
from passk.domains.code.sandbox.results import OutputLimitError, ResultPipe, describe
from passk.domains.code.sandbox.work import Work

INPUT = "/tmp/.stdin"  # where /dev/stdin points to


def run_whole(work: Work, out: ResultPipe) -> None:
    """Run the program once for each input, and write what it printed."""
    try:
        code = [
            compile(text, name, "exec", dont_inherit=True)
            for name, text in (("<prelude>", work.prelude), ("<program>", work.source))
            if text
        ]
    except MemoryError:
        raise
    except BaseException as error:
        out.write(frames.UNLOADED, describe(error))
        return
    left = work.limits.output
    for given in work.inputs:
        kind, payload = _run_process(code, given, left)
        left -= len(payload)
        out.write(kind, payload)


def _run_process(code: list[types.CodeType], given: str, most: int) -> tuple[bytes, bytes]:
    """One case in a process of its own, and the end of all that it leaves behind."""
    source = _open_input(given.encode("utf-8", "surrogatepass"))
    target, complaint = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(source, 0)
            os.dup2(target[1], 1)
            os.dup2(complaint[1], 3)
            os.closerange(4, 64)
            _run_main(code)
        finally:
            os._exit(1)
    for file in (source, target[1], complaint[1]):
        os.close(file)
    printed = _read_output(pid, target[0], most)
    _, status = os.waitpid(pid, 0)
    os.set_blocking(complaint[0], False)
    try:
        error = os.read(complaint[0], 4096)
    except BlockingIOError:
        error = b""
    _kill_remaining()
    for file in (target[0], complaint[0]):
        os.close(file)
    if error == b"MemoryError":
        raise MemoryError
    if error:
        return frames.RAISED, error
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
            raise OutputLimitError
        self._parts.append(part)
        return bool(part)

    def read_all(self) -> bytes:
        """With what is still in the pipe."""
        while self.read():
            pass
        return b"".join(self._parts)


def _read_output(pid: int, stdout: int, most: int) -> bytes:
    """What a process prints until it has ended."""
    ended = os.pidfd_open(pid)
    printed = _Printed(stdout, most)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(stdout, select.POLLIN)
    ready: set[int] = set()
    while ended not in ready:
        if stdout in ready and not printed.read():
            poll.unregister(stdout)  # it prints no more
        ready = {file for file, _ in poll.poll()}
    os.close(ended)
    return printed.read_all()


def input_size(work: Work) -> int:
    """Bytes of the largest file of standard input."""
    if work.entry is not None:
        return 0
    return max((len(given.encode("utf-8", "surrogatepass")) for given in work.inputs), default=0)


def _open_input(given: bytes) -> int:
    """A file that holds standard input, at its beginning."""
    path = Path(INPUT if _confined else f"/tmp/passk-stdin-{os.getpid()}")
    path.unlink(missing_ok=True)  # that of the case before, or what a program put there
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    unread = memoryview(given)
    while unread:
        unread = unread[os.write(file, unread) :]
    os.lseek(file, 0, os.SEEK_SET)
    if not _confined:
        path.unlink()
    return file


def _kill_remaining() -> None:
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


def _run_main(code: list[types.CodeType]) -> None:
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
        os.write(3, describe(error))
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
    writers = [thing for thing in gc.get_objects() if issubclass(type(thing), _WRITERS)]
    # Texts into buffers before buffers into files.
    for file in [*sorted(writers, key=_is_buffer), sys.stdout, sys.__stdout__]:
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
