"""Stop strings: a base model answers, and then writes the next question and answers that, too.

A response is cut before the first stop string, as the tool that drew it would have ended there.
"""

from collections.abc import Sequence
from typing import NamedTuple

# What base models write once they are done, by the reports of several harnesses.
USUAL = (
    "\nQuestion:",
    "\n\nQ:",
    "\nProblem:",
    "\nUser:",
    "\nHuman:",
    "<|im_end|>",
    "<|endoftext|>",
    "</s>",
)


class Cut(NamedTuple):
    """A response up to its first stop string, and whether it held one."""

    text: str
    stopped: bool


def cut(text: str, stops: Sequence[str]) -> Cut:
    r"""A response as it would have ended.

    Example:
        >>> cut("It is 4.\n\nQuestion: 3 + 3?\nIt is 6.", ["\nQuestion:", "</s>"])
        Cut(text='It is 4.\n', stopped=True)
    """
    ends = [position for stop in stops if (position := text.find(stop)) >= 0]
    return Cut(text[: min(ends)], True) if ends else Cut(text, False)


def runs_on(text: str) -> bool:
    """Whether a response seems to go on with another turn or question."""
    return cut(text, USUAL).stopped
