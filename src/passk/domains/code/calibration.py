"""Time limits from the reference solution's own processor time, measured on this machine.

A slow machine, or an old one, so calls no right program wrong. What was measured is kept in a
folder that is a cache: no output holds it, and without it everything is measured again.
"""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from passk.core.digests import digest
from passk.domains.code.options import CodeOptions
from passk.domains.code.outcomes import digestible, tolerant
from passk.domains.code.sandbox.task import Limits
from passk.domains.code.test_cases import Tests

# Processor seconds that a reference solution may take for all its tests.
REFERENCE_CPU = 120.0
# Bytes that a reference solution may return, and that any program may; a program may also return
# so many times what is expected.
REFERENCE_OUTPUT = 1 << 28
_OUTPUT, _OUTPUT_FACTOR = 16 << 20, 2
# Characters, or numbers, past which a digest stands for a value that must be equal.
WHOLE = 1 << 13
# Wall seconds for each processor second, and besides: neighbours may keep a program waiting.
_WALL_FACTOR, _WALL_MORE = 5.0, 20.0


def _limits(
    cpu: float, output: int, tests: Tests, options: CodeOptions, *, each: bool = False
) -> Limits:
    large = (text for text in tests.expected if len(text) > WHOLE)
    digests = digestible(tests.comparison) and not any(
        tolerant(text, tests.comparison) for text in large
    )
    return Limits(
        cpu=cpu,
        wall=_WALL_FACTOR * cpu + _WALL_MORE,
        memory=options.memory_mib << 20,
        output=output,
        whole=WHOLE if digests else 0,
        each=each,
    )


def reference_limits(tests: Tests, options: CodeOptions) -> Limits:
    """Limits of a reference solution, which is trusted to end."""
    return _limits(REFERENCE_CPU, REFERENCE_OUTPUT, tests, options)


def program_limits(reference: float | None, tests: Tests, options: CodeOptions) -> Limits:
    """Limits of a program: for all its tests beside a reference solution, for each without.

    Args:
        reference: processor seconds that the reference solution took; None where there is none.
        tests: of the problem.
        options: of the grader.
    """
    cpu = options.cpu_default
    if reference is not None:
        cpu = max(options.cpu_floor, options.cpu_factor * reference)
    output = max(_OUTPUT, _OUTPUT_FACTOR * sum(map(len, tests.expected)))
    each = tests.reference is None
    return replace(_limits(cpu, output, tests, options, each=each), floats=True)


class Calibration:
    """Processor seconds of reference solutions, by what was run.

    Args:
        folder: where they are kept; None: not at all.
        packages: importable besides the standard library.
    """

    def __init__(self, folder: Path | None, packages: Sequence[str] = ()) -> None:
        self._folder = folder
        self._host = digest(platform.node(), platform.machine(), platform.python_version())
        self._packages = sorted(packages)
        self._known: dict[str, float] = {}
        for path in sorted(folder.glob("*.jsonl")) if folder is not None else ():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            key, seconds = json.loads(line)
            self._known[str(key)] = float(seconds)
        except (ValueError, TypeError):  # a line that was cut short: measured again
            return

    def key(self, tests: Tests) -> str:
        """What identifies a measurement; nothing of what is expected."""
        run = tests.reference, tests.entry, tests.inputs, tests.prelude
        return digest(self._host, self._packages, *run)[:32]

    def get(self, key: str) -> float | None:
        """Seconds measured before, or None."""
        return self._known.get(key)

    def put(self, key: str, seconds: float) -> None:
        """Keep a measurement."""
        self._known[key] = seconds
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps([key, round(seconds, 6)]) + "\n")
