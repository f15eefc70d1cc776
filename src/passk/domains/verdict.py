"""What a grader says of one answer: three-valued, with a reason."""

from typing import NamedTuple

CORRECT, WRONG, UNKNOWN = "correct", "wrong", "unknown"

EQUAL = "equal"
DIFFERENT = "different"
NO_ANSWER = "no answer found"
NOT_READABLE = "answer not readable"
TRUNCATED = "truncated"
TIMEOUT = "timeout"
FAULT = "grader fault"
GOLD = "gold answer not readable"

# Of programs; `TRUNCATED` and `TIMEOUT` (its own processor time is used up) are theirs too.
PASSED = "all tests passed"
DIFFERENT_OUTPUT = "wrong output"
MEMORY = "memory"
OUTPUT = "output limit"
EXITED = "exited"
SYNTAX = "syntax error"
NO_PROGRAM = "no program found"
SANDBOX_FAULT = "sandbox fault"
TESTS = "tests not readable"


class JudgeError(RuntimeError):
    """A judge cannot work on this machine; the message says what is missing, and the remedy."""


def raised(kind: str) -> str:
    """The reason of a program that raised an exception of a type.

    Example:
        >>> raised("IndexError")
        'error: IndexError'
    """
    return f"error: {kind}"


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
