"""Programs that read standard input and print; standard library alone.

Each case runs in a fork of its own, as `__main__`, to its end, including threads, exit handlers and
files left open, as a judge's `python program < input > output` would: standard input and output are
files, so that `os.fstat(0).st_size` and one large `os.read` give all of the input, and
`/dev/stdin` is a link to it. One thing differs: `/dev/stdout` is a link into /proc, which guests do
not have. Process 1 never runs a line of the program; it empties /tmp after each case.
"""

import atexit
import contextlib
import gc
import io
import os
import sys
import types
from pathlib import Path

from passk.domains.code.sandbox import confine, frames
from passk.domains.code.sandbox.results import OutputLimitError, ResultPipe, describe
from passk.domains.code.sandbox.work import Work, load_prelude

FOLDER = "/tmp"
INPUT = f"{FOLDER}/.stdin"  # where /dev/stdin points to
_REPORT = 3  # descriptor of the file in which a case's process says what it raised


def run_whole(work: Work, out: ResultPipe, *, confined: bool) -> None:
    """Run the program once for each input, and write what it printed."""
    try:
        code = [compile(work.source, "<program>", "exec", dont_inherit=True)]
    except MemoryError:
        raise
    except BaseException as error:
        out.write(frames.UNLOADED, describe(error))
        return
    if work.prelude:
        code.insert(0, load_prelude(work))
    left = work.limits.output
    for given in work.inputs:
        kind, payload = _run_case(code, given, left, confined)
        left -= len(payload)
        out.write(kind, payload)


def _run_case(
    code: list[types.CodeType], given: bytes, most: int, confined: bool
) -> tuple[bytes, bytes]:
    """One case in a process of its own."""
    source = _open_input(given, confined)
    printed, report = _open_unnamed(confined), _open_unnamed(confined)
    pid = confine.fork()
    if pid == 0:
        try:
            for number, file in enumerate((source, printed, None, report)):
                if file is not None:
                    os.dup2(file, number)
            os.closerange(_REPORT + 1, 64)
            if confined:
                confine.filter_calls()
            _run_main(code)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    error = os.pread(report, 4096, 0)
    size = os.fstat(printed).st_size
    if size > most:
        raise OutputLimitError
    text = os.pread(printed, size, 0) if size and not error and not status else b""
    for file in (source, printed, report):
        os.close(file)
    if confined:
        _empty_folder()
    if error == b"MemoryError":
        raise MemoryError
    if error:
        return frames.RAISED, error
    if os.WIFSIGNALED(status):
        return frames.RAISED, f"signal {os.WTERMSIG(status)}".encode()
    if status:
        return frames.RAISED, f"exit status {os.WEXITSTATUS(status)}".encode()
    return frames.PRINTED, text


def file_size(work: Work) -> int:
    """Bytes that a file may have: standard input, and one more than may be printed."""
    longest = max(map(len, work.inputs), default=0)
    return max(work.limits.file_size, longest, work.limits.output + 1)


def _open_input(given: bytes, confined: bool) -> int:
    """A file that holds standard input, at its beginning."""
    path = INPUT if confined else f"{INPUT}-{os.getpid()}"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    unread = memoryview(given)
    while unread:
        unread = unread[os.write(file, unread) :]
    os.lseek(file, 0, os.SEEK_SET)
    if not confined:
        os.unlink(path)  # noqa: PTH108  (a Path costs more than the call)
    return file


def _open_unnamed(confined: bool) -> int:
    """A file without a name. Not a pipe, whose number would say how many others made before."""
    if confined:
        return os.open(FOLDER, os.O_RDWR | os.O_APPEND | os.O_TMPFILE, 0o600)
    return os.memfd_create("output")


def _empty_folder() -> None:
    """Remove what a case left in /tmp, and its standard input."""
    os.unlink(INPUT) if os.listdir(FOLDER) == [Path(INPUT).name] else _remove_all()  # noqa: PTH108, PTH208


def _remove_all() -> None:
    os.chdir(FOLDER)
    with contextlib.suppress(RecursionError):  # deeper than anybody nests folders
        for folder, folders, _ in os.walk(FOLDER):
            for path in (Path(folder, name) for name in folders):
                if not path.is_symlink():
                    path.chmod(0o700)
        for folder, folders, files in os.walk(FOLDER, topdown=False):
            for path in (Path(folder, name) for name in [*files, *folders]):
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def open_standard_files() -> None:
    """Make the objects of standard input and output, once, for the descriptors of all cases."""
    global _stdin, _stdout  # noqa: PLW0603  (set once, before the first fork)
    _stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    _stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


_stdin = _stdout = io.TextIOWrapper(io.BytesIO())


def _run_main(code: list[types.CodeType]) -> None:
    sys.argv = ["program"]
    sys.stdin, sys.stdout = _stdin, _stdout
    sys.__stdin__, sys.__stdout__ = _stdin, _stdout  # type: ignore[misc]
    try:
        with contextlib.suppress(SystemExit):  # whatever its status, as benchmarks' harnesses do
            _execute(code)
        _finish()
    except MemoryError:
        os.write(_REPORT, b"MemoryError")
    except BaseException as error:
        os.write(_REPORT, describe(error))
    os._exit(0)


def _execute(code: list[types.CodeType]) -> None:
    module = types.ModuleType("__main__")
    module.__file__ = f"{FOLDER}/program.py"  # its folder is the current one
    sys.modules["__main__"] = module
    for part in code:
        exec(part, module.__dict__)


def _finish() -> None:
    """What the interpreter does at its end: wait for threads, exit handlers, flush, finalize."""
    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
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
