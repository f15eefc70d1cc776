"""Every option of the math grader, explicit, and the name under which its verdicts are filed."""

from dataclasses import asdict, dataclass
from importlib.metadata import version

from passk.core.digests import digest
from passk.domains.math import antlr

# Raised when this package's own part of a verdict changes: extraction, shortcuts, reasons.
REVISION = 4
# What verdicts depend on besides the options. The parser's runtime comes with this package,
# whatever is installed; see `antlr`.
LIBRARIES = ("math-verify", "latex2sympy2_extended", "sympy", "mpmath")


@dataclass(frozen=True)
class MathOptions:
    """Options of the comparison; see `passk.domains.settings`.

    Attributes:
        float_rounding: decimals to which floats are rounded before they are compared.
        numeric_precision: significant digits of numeric evaluation.
        strict: variables and the difference of set and tuple matter.
        allow_set_relation_comp: `1 < x < 2` may equal the interval (1, 2).
        without_anchor: an answer counts without a box or the word `answer` before it.
    """

    float_rounding: int = 6
    numeric_precision: int = 15
    strict: bool = True
    allow_set_relation_comp: bool = True
    without_anchor: bool = True

    def grader(self) -> str:
        """Name, version and digest: equal for equal verdicts, so it keys the verdict cache.

        Limits of time and memory are no part of it: what they cut is unknown, and never kept.
        """
        versions = {name: version(name) for name in LIBRARIES} | {"antlr": antlr.VERSION}
        mark = digest("math", REVISION, versions, asdict(self))[:12]
        return f"math-verify {versions['math-verify']} {mark}"
