"""Parameters of the judge of answers about images: `verification.visual`."""

from pydantic import Field

from passk.core.parameters import ParameterSection
from passk.domains.math.options import MathOptions
from passk.domains.visual.options import VisualOptions


class VisualJudgeSettings(ParameterSection):
    """How answers about images are read, and the limits under which formulas are compared.

    Formulas are compared by Math-Verify with the options of `math`.
    """

    without_anchor: bool = Field(
        default=VisualOptions.without_anchor,
        description="An answer counts without a box, a tag or the word `answer` before it: what "
        "the response concludes with, or opens with.",
    )
    truncate_integers: bool = Field(
        default=VisualOptions.truncate_integers,
        description="Where the answer is an integer, decimals of a stated number are cut off (5.9 "
        "is 5), as MathVista's own score does.",
    )
    timeout: float = Field(
        default=5.0,
        gt=0,
        le=600,
        description="Processor time of one formula, s; past it: unknown (timeout).",
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
