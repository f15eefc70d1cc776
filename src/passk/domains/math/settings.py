"""Parameters of the math judge: `verification.math`."""

from pydantic import Field

from passk.core.parameters import ParameterSection
from passk.domains.math.options import MathOptions

_OPTIONS = (
    "float_rounding", "numeric_precision", "strict", "allow_set_relation_comp", "without_anchor",
)  # fmt: skip


class MathJudgeSettings(ParameterSection):
    """Options of the comparison, and the limits under which it works."""

    float_rounding: int = Field(
        default=MathOptions.float_rounding,
        ge=0,
        le=12,
        description="Decimals to which floats are rounded before comparison.",
    )
    numeric_precision: int = Field(
        default=MathOptions.numeric_precision,
        ge=6,
        le=100,
        description="Significant digits of numeric evaluation.",
    )
    strict: bool = Field(
        default=MathOptions.strict,
        description="Names of variables matter, and a set differs from a tuple.",
    )
    allow_set_relation_comp: bool = Field(
        default=MathOptions.allow_set_relation_comp,
        description="An answer like 1 < x < 2 may equal the interval (1, 2).",
    )
    without_anchor: bool = Field(
        default=MathOptions.without_anchor,
        description="An answer counts without a box or the word `answer` before it: the last "
        "formula or number of the response is taken.",
    )
    timeout: float = Field(
        default=5.0,
        gt=0,
        le=600,
        description="Processor time of one answer, s; past it: unknown (timeout).",
    )
    workers: int = Field(default=2, ge=1, le=256, description="Worker processes at most.")
    memory_gib: float = Field(
        default=4.0, ge=1, le=1024, description="Address space of a worker, GiB."
    )

    def options(self) -> MathOptions:
        """What decides a verdict, without the limits."""
        return MathOptions(**{name: getattr(self, name) for name in _OPTIONS})
