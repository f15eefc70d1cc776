"""Every option of the math grader, explicit, and the name under which its verdicts are filed."""

from dataclasses import asdict, dataclass
from importlib.metadata import version

from passk.core.digests import digest

# Raised when this package's own part of a verdict changes: extraction, shortcuts, reasons.
REVISION = 2
# What Math-Verify's verdicts depend on besides the options, as the names of graders have it.
_NAMED = ("math-verify", "latex2sympy2_extended", "sympy")
# And what these stand on: the parser's runtime, and SymPy's numerics.
LIBRARIES = (*_NAMED, "antlr4-python3-runtime", "mpmath")


@dataclass(frozen=True)
class MathOptions:
    """Options of Math-Verify, with its own defaults; see `passk.domains.settings`.

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
        versions = {name: version(name) for name in _NAMED}
        mark = digest("math", REVISION, versions, asdict(self))[:12]
        return f"math-verify {versions['math-verify']} {mark}"
