"""Parameters of the judge of programs: `verification.code`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from passk.domains.code.options import CodeOptions


class CodeJudgeSettings(BaseModel):
    """How programs are run on their tests, and what each may use."""

    model_config = ConfigDict(extra="forbid")

    isolation: Literal["bubblewrap", "subprocess"] = Field(
        default="bubblewrap",
        description="bubblewrap: a sandbox of namespaces; subprocess: limits and a fresh process "
        "alone, which every verdict's grader then names.",
    )
    all_tests: bool = Field(
        default=False, description="Run all tests of a program, not only up to its first failure."
    )
    cheapest_first: bool = Field(
        default=True, description="Tests with short inputs first, where the first failure ends it."
    )
    cpu_floor: float = Field(
        default=4.0,
        gt=0,
        le=3600,
        description="Processor seconds that a program has at least for all its tests.",
    )
    cpu_factor: float = Field(
        default=10.0,
        ge=1,
        le=1000,
        description="Times the processor time of the problem's reference solution on this machine.",
    )
    cpu_default: float = Field(
        default=10.0,
        gt=0,
        le=3600,
        description="Processor seconds of each test where a problem has no reference solution.",
    )
    memory_mib: int = Field(
        default=1024, ge=64, le=1 << 20, description="Address space of a program, MiB."
    )
    packages: tuple[str, ...] = Field(
        default=(), description="Importable by programs, besides the standard library."
    )
    workers: int = Field(default=2, ge=1, le=256, description="Programs that run at the same time.")

    def options(self) -> CodeOptions:
        """What decides a verdict: all but the number of workers."""
        return CodeOptions(**self.model_dump(exclude={"workers"}))
