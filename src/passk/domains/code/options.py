"""Every option of the code grader, explicit, and the name under which its verdicts are filed."""

import platform
from dataclasses import asdict, dataclass
from typing import Literal

from passk.core.digests import digest

# Raised when this package's own part of a verdict changes: extraction, comparison, reasons.
REVISION = 5
# What graders of older verdicts call an isolation that parameters now call otherwise: another name
# would be another grader, and every verdict would be judged again.
GRADER_NAMES = {"subprocess": "weak"}

BUBBLEWRAP: Literal["bubblewrap"] = "bubblewrap"  # the default isolation


@dataclass(frozen=True)
class CodeOptions:
    """How programs are run and compared; see `passk.domains.settings`.

    Attributes:
        isolation: bubblewrap, or subprocess (a fresh process and its limits alone).
        all_tests: run every test of every program; else stop a program at its first failure.
        cheapest_first: run tests with short inputs first.
        cpu_floor: processor seconds that a program has at least for all its tests.
        cpu_factor: times the reference solution's processor time that it has at least.
        cpu_default: processor seconds of each test, where a problem has no reference solution.
        memory_mib: address space of a program, MiB.
        packages: importable besides the standard library.
    """

    isolation: str = BUBBLEWRAP
    all_tests: bool = False
    cheapest_first: bool = True
    cpu_floor: float = 4.0
    cpu_factor: float = 10.0
    cpu_default: float = 10.0
    memory_mib: int = 1024
    packages: tuple[str, ...] = ()

    def grader(self) -> str:
        """Name, Python's version and digest: equal for equal verdicts, so it keys their cache.

        Limits are part of it, as a program that exhausts its own is wrong. Another
        isolation than bubblewrap is named, so that every verdict says so.
        """
        version = platform.python_version()
        isolation = GRADER_NAMES.get(self.isolation, self.isolation)
        named = "" if isolation == BUBBLEWRAP else f" {isolation} isolation"
        options = asdict(self) | {"isolation": isolation}
        return f"python {version}{named} {digest('code', REVISION, version, options)[:12]}"
