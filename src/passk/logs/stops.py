"""Stop strings: a base model answers, and then writes the next question and answers that, too.

A response is cut before the first stop string, as the tool that drew it would have ended there.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# What base models write once they are done, by the reports of several harnesses.
USUAL = (
    "\nQuestion:",
    "\n\nQ:",
    "\nProblem:",
    "\nUser:",
    "\nHuman:",
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "</s>",
)
_WORDS = tuple(stop for stop in USUAL if "<" not in stop)
_END = ("<|im_end|>", "<|endoftext|>", "</s>")  # alone at a response's end they are its end
_MARKS = (r"\boxed", "nswer is", "nswer:")
_BOX = re.compile(r"\\boxed\s?\{([^{}\n]{1,80}(?:\{[^{}\n]{0,80}\}[^{}\n]{0,80}){0,4})\}")
_ANNOUNCED = re.compile(r"nswer(?: is|:)\s{0,3}\$?([^\n.$]{1,60})")
_ROW = 24  # characters between boxes of one statement: `\boxed{3} and \boxed{5}`


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
    r"""Whether a response seems to go on with another turn or question.

    Example:
        >>> runs_on("It is 4.<|im_end|>\n"), runs_on("It is 4.<|im_end|>\n<|im_start|>user\n")
        (False, True)
    """
    text = text.rstrip()
    if "<" in text:
        for end in _END:
            text = text.removesuffix(end)
        return any(stop in text for stop in USUAL)
    return any(stop in text for stop in _WORDS)


def has_two_answers(text: str) -> bool:
    r"""Whether a response holds two final answers that differ; the judge reads the last.

    Boxes in a row are one answer. It counts for a warning: a step may be boxed, too.

    Example:
        >>> has_two_answers(r"So \boxed{4}.\n\nProblem 2: what is 3 + 3?\n\nSo \boxed{6}.")
        True
        >>> has_two_answers(r"\boxed{3} and \boxed{5}"), has_two_answers(r"It is \boxed{4}.")
        (False, False)
    """
    if text.count(r"\boxed") + text.count("nswer") < 2:  # most responses: no need to look closer
        return False
    known: str | None = None
    end = -1
    for position in sorted(position for mark in _MARKS for position in _positions(text, mark)):
        match = _BOX.match(text, position) or _ANNOUNCED.match(text, position)
        if match is None:
            continue
        content = _plain(match[1])
        # `The answer is $\boxed{4}$`: the box says it.
        if content and "boxed" not in content:
            between = text[end:position] if end >= 0 else ""
            apart = len(between) >= _ROW or ("\n" in between and not between.isspace())
            if known is not None and content != known and apart:
                return True
            known = content if known is None else known
        end = match.end()
    return False


def _positions(text: str, mark: str) -> Iterator[int]:
    position = text.find(mark)
    while position >= 0:
        yield position
        position = text.find(mark, position + 1)


def _plain(answer: str) -> str:
    return re.sub(r"[\s$*\\]|text|mathrm", "", answer).strip(".,;:")
