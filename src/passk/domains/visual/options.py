"""Every option of the visual grader, explicit, and the name under which its verdicts go."""

from dataclasses import asdict, dataclass, field

from passk.core.digests import digest
from passk.domains.math.options import MathOptions

# Raised when a verdict may change: where answers are looked for, how they are read and compared.
REVISION = 8


@dataclass(frozen=True)
class VisualOptions:
    """What decides a verdict; see `passk.domains.settings`.

    Attributes:
        without_anchor: an answer counts without a box, a tag or the word `answer` before it,
            where the response concludes with it or opens with it.
        truncate_integers: where the answer is an integer, the decimals of a stated number are cut
            off (5.9 is 5), as MathVista's own score does; else 5.9 differs from 5.
        math: of Math-Verify, which compares formulas.
    """

    without_anchor: bool = True
    truncate_integers: bool = False
    math: MathOptions = field(default_factory=MathOptions)

    def grader(self) -> str:
        """Name and digest: equal for equal verdicts.

        Limits of time and memory are no part of it: what they cut is unknown, and never kept.
        """
        own = {name: value for name, value in asdict(self).items() if name != "math"}
        return f"visual {REVISION} {digest('visual', REVISION, own, self.math.grader())[:12]}"
