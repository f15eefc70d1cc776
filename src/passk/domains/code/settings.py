"""Parameters of the judge of programs: `verification.code`."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from passk.core.parameters import ParameterSection, refuse_repeats
from passk.domains.code.options import CodeOptions, Isolation

_MODULE = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$"
PackageName = Annotated[str, StringConstraints(pattern=_MODULE)]


class CodeJudgeSettings(ParameterSection):
    """How programs are run on their tests, and what each may use."""

    isolation: Isolation = Field(
        default=CodeOptions.isolation,
        description="bubblewrap: a sandbox of namespaces; subprocess: limits and a fresh process "
        "alone, which every verdict's grader then names.",
    )
    all_tests: bool = Field(
        default=CodeOptions.all_tests,
        description="Run all tests of a program, not only up to its first failure.",
    )
    cheapest_first: bool = Field(
        default=CodeOptions.cheapest_first,
        description="Tests with short inputs first, where the first failure ends it.",
    )
    cpu_floor: float = Field(
        default=CodeOptions.cpu_floor,
        gt=0,
        le=3600,
        description="Processor seconds that a program has at least for all its tests.",
    )
    cpu_factor: float = Field(
        default=CodeOptions.cpu_factor,
        ge=1,
        le=1000,
        description="Times the processor time of the problem's reference solution on this machine.",
    )
    cpu_default: float = Field(
        default=CodeOptions.cpu_default,
        gt=0,
        le=3600,
        description="Processor seconds of each test where a problem has no reference solution.",
    )
    memory_mib: int = Field(
        default=CodeOptions.memory_mib,
        ge=64,
        le=1 << 20,
        description="Address space of a program, MiB.",
    )
    packages: Annotated[list[PackageName], AfterValidator(refuse_repeats)] = Field(
        default_factory=list,
        description="Importable by programs, besides the standard library: names of modules.",
    )
    workers: int = Field(default=2, ge=1, le=256, description="Programs that run at the same time.")

    def options(self) -> CodeOptions:
        """What decides a verdict: all but the number of workers."""
        return CodeOptions(
            **self.model_dump(exclude={"workers", "packages"}), packages=tuple(self.packages)
        )
