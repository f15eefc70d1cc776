"""What a grader says of one answer: three-valued, with a reason."""

from typing import NamedTuple

CORRECT, WRONG, UNKNOWN = "correct", "wrong", "unknown"

EQUAL = "equal"
DIFFERENT = "different"
NO_ANSWER = "no answer found"
TRUNCATED = "truncated"
TIMEOUT = "timeout"
FAULT = "grader fault"
GOLD = "gold answer not readable"


class Verdict(NamedTuple):
    """A verdict.

    Attributes:
        verdict: correct, wrong or unknown.
        reason: why; see the constants of this module.
        answer: what was extracted; None where nothing was.
    """

    verdict: str
    reason: str
    answer: str | None
