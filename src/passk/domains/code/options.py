"""Every option of the code grader, explicit, and the name under which its verdicts are filed."""

import platform
from dataclasses import asdict, dataclass

from passk.core.digests import digest

# Raised when this package's own part of a verdict changes: extraction, comparison, reasons.
REVISION = 2


@dataclass(frozen=True)
class CodeOptions:
    """How programs are run and compared; see `passk.domains.settings`.

    Attributes:
        isolation: bubblewrap, or weak (a fresh process and its limits alone).
        all_tests: run every test of every program; else stop a program at its first failure.
        cheapest_first: run tests with short inputs first.
        cpu_floor: processor seconds that a program has at least for all its tests.
        cpu_factor: times the reference solution's processor time that it has at least.
        cpu_default: processor seconds of each test, where a problem has no reference solution.
        memory_mib: address space of a program, MiB.
        packages: importable besides the standard library.
    """

    isolation: str = "bubblewrap"
    all_tests: bool = False
    cheapest_first: bool = True
    cpu_floor: float = 4.0
    cpu_factor: float = 10.0
    cpu_default: float = 10.0
    memory_mib: int = 1024
    packages: tuple[str, ...] = ()

    def grader(self) -> str:
        """Name, Python's version and digest: equal for equal verdicts, so it keys their cache.

        Limits are part of it, as a program that exhausts its own is wrong. Weak isolation is
        named, so that every verdict says so.
        """
        version = platform.python_version()
        weak = "" if self.isolation == "bubblewrap" else f" {self.isolation} isolation"
        return f"python {version}{weak} {digest('code', REVISION, version, asdict(self))[:12]}"
