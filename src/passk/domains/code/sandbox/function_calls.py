"""Programs whose function or method is called for each case; standard library alone.

Prelude and source are run once as module `solution` (as the benchmarks' own harnesses do, which run
them under a name other than `__main__`, so that a solution's own demonstration does not run), then
the entry is called per case.
"""

import sys
import types
from collections.abc import Callable
from typing import Any

from passk.domains.code.sandbox import frames, values
from passk.domains.code.sandbox.results import ResultPipe, describe
from passk.domains.code.sandbox.work import GuestLimits, Work, load_prelude


def call_entry(work: Work, entry: str, out: ResultPipe) -> None:
    """Call the entry with each input, and write what it returned or raised."""
    try:
        call = _load(work, entry)
    except MemoryError:
        raise
    except BaseException as error:
        out.write(frames.UNLOADED, describe(error))
        return
    for given in work.inputs:
        arguments = values.decode(str(given, "ascii"))
        try:
            value = call(*arguments)
        except MemoryError:
            raise
        except BaseException as error:
            out.write(frames.RAISED, describe(error))
            continue
        try:
            text = _encode(value, work.limits)
        except MemoryError:
            raise
        except BaseException:
            out.write(frames.OPAQUE, type.__dict__["__name__"].__get__(type(value)).encode()[:200])
            continue
        out.write(frames.RETURNED, text.encode("ascii"))


def _encode(value: Any, limits: GuestLimits) -> str:  # noqa: ANN401
    return values.digest(value, limits.whole, limits.floats) or values.encode(value)


def _load(work: Work, entry: str) -> Callable[..., Any]:
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    if work.prelude:
        exec(load_prelude(work), module.__dict__)
    exec(compile(work.source, "<program>", "exec", dont_inherit=True), module.__dict__)
    owner, _, method = entry.rpartition(".")
    if not owner:
        return module.__dict__[entry] if entry in module.__dict__ else _refuse_missing(entry)
    owning_class = module.__dict__[owner] if owner in module.__dict__ else _refuse_missing(owner)
    # A new instance per case, as the benchmarks have it.
    return lambda *arguments: getattr(owning_class(), method)(*arguments)  # noqa: PLW0108


def _refuse_missing(name: str) -> Any:  # noqa: ANN401
    raise NameError(f"the program does not define {name!r}")
