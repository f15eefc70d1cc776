"""Parameters of the stage group `verify`: graders, one section per domain."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from passk.domains.code.options import CodeOptions
from passk.domains.math.options import MathOptions
from passk.domains.visual.options import VisualOptions

_OPTIONS = (
    "float_rounding", "numeric_precision", "strict", "allow_set_relation_comp", "without_anchor",
)  # fmt: skip


class MathGrader(BaseModel):
    """Math-Verify's options, and the limits under which it works."""

    model_config = ConfigDict(extra="forbid")

    float_rounding: int = Field(
        default=6,
        ge=0,
        le=12,
        description="Decimals to which floats are rounded before comparison.",
    )
    numeric_precision: int = Field(
        default=15, ge=6, le=100, description="Significant digits of numeric evaluation."
    )
    strict: bool = Field(
        default=True, description="Names of variables matter, and a set differs from a tuple."
    )
    allow_set_relation_comp: bool = Field(
        default=False, description="An answer like 1 < x < 2 may equal the interval (1, 2)."
    )
    without_anchor: bool = Field(
        default=True,
        description="An answer counts without a box or the word `answer` before it: the last "
        "formula or number of the response is taken.",
    )
    timeout: float = Field(
        default=5.0,
        gt=0,
        le=600,
        description="Wall limit of one answer, s; past it: unknown (timeout).",
    )
    workers: int = Field(default=2, ge=1, le=256, description="Worker processes at most.")
    memory_gib: float = Field(
        default=4.0, ge=1, le=1024, description="Address space of a worker, GiB."
    )

    def options(self) -> MathOptions:
        """What decides a verdict, without the limits."""
        return MathOptions(**{name: getattr(self, name) for name in _OPTIONS})


class CodeGrader(BaseModel):
    """How programs are run on their tests, and what each may use."""

    model_config = ConfigDict(extra="forbid")

    isolation: Literal["bubblewrap", "weak"] = Field(
        default="bubblewrap",
        description="bubblewrap: a sandbox of namespaces; weak: limits and a fresh process alone, "
        "which every verdict's grader then names.",
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


class VisualGrader(BaseModel):
    """How answers about pictures are read, and the limits under which formulas are compared.

    Formulas are compared by Math-Verify with the options of `math`.
    """

    model_config = ConfigDict(extra="forbid")

    without_anchor: bool = Field(
        default=True,
        description="An answer counts without a box, a tag or the word `answer` before it: what "
        "the response concludes with, or opens with.",
    )
    truncate_integers: bool = Field(
        default=False,
        description="Where the answer is an integer, decimals of a stated number are cut off (5.9 "
        "is 5), as MathVista's own score does.",
    )
    timeout: float = Field(
        default=5.0,
        gt=0,
        le=600,
        description="Wall limit of one formula, s; past it: unknown (timeout).",
    )
    workers: int = Field(
        default=2,
        ge=1,
        le=256,
        description="Worker processes at most; none starts unless there are formulas.",
    )
    memory_gib: float = Field(
        default=4.0, ge=1, le=1024, description="Address space of a worker, GiB."
    )

    def options(self, math: MathOptions) -> VisualOptions:
        """What decides a verdict, without the limits.

        Args:
            math: how formulas are compared.
        """
        return VisualOptions(
            without_anchor=self.without_anchor,
            truncate_integers=self.truncate_integers,
            math=math,
        )


class Verification(BaseModel):
    """How answers are judged; changing it judges again, and never samples again."""

    model_config = ConfigDict(extra="forbid")

    math: MathGrader = Field(default_factory=MathGrader, description="Math answers.")
    code: CodeGrader = Field(default_factory=CodeGrader, description="Programs.")
    visual: VisualGrader = Field(
        default_factory=VisualGrader, description="Answers to questions about pictures."
    )
