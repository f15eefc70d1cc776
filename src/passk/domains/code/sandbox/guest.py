"""What runs a program, in a process that the program owns; standard library alone.

Nothing here, nor in the modules that it imports, is trusted after the program's first line: it may
replace all of it. What it writes to the result pipe are claims about values, read with `frames` and
compared by the host.
"""

import builtins
import gc
import os
from typing import NoReturn

from passk.domains.code.sandbox import frames, thread_queues
from passk.domains.code.sandbox.function_calls import call_entry
from passk.domains.code.sandbox.results import OutputLimitError, ResultPipe
from passk.domains.code.sandbox.whole_program import run_whole
from passk.domains.code.sandbox.work import Work


def run(work: Work, results: int, *, confined: bool) -> None:
    """Run a program and write what became of its cases; returns or not."""
    out = ResultPipe(results, work.limits.output)
    gc.enable()
    try:
        if confined and thread_queues.may_need(work.source, work.prelude):
            thread_queues.replace()
        if work.entry is None:
            run_whole(work, out, confined=confined)
        else:
            call_entry(work, work.entry, out)
        out.write(frames.FINISHED, b"")
    except MemoryError:
        out.write(frames.OUT_OF_MEMORY, b"")
    except OutputLimitError:
        os.write(results, frames.pack(frames.TOO_MUCH, b""))


def define_exit() -> None:
    """Define `exit` and `quit`, as `site` does, which the sandbox's interpreter leaves out."""

    def leave(code: object = None) -> NoReturn:
        raise SystemExit(code)

    builtins.exit = builtins.quit = leave  # type: ignore[assignment]
