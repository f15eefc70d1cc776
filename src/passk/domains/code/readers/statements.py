"""Statements that accept several outputs, which tests with one expected output cannot judge."""

import re

SEVERAL, TOLERANCE, INTERACTIVE = "multiple-answers", "tolerance", "interactive"

# All bounded, and within a sentence.
_SEVERAL = re.compile(
    r"\bany (?:one )?of (?:them|these|the \w+(?: \w+)?)\b[^.]{0,40}"
    r"\b(?:accepted|correct|fine|valid)\b"
    r"|\b(?:print|output|return|report|find|give|choose|display) any (?:one )?of (?:them|these)\b"
    r"|\b(?:multiple|several|many|more than one|different)\b[^.]{0,120}"
    r"\b(?:print|output|return|report|find|give|display)\b[^.]{0,20}\bany\b"
    r"|\breturn(?:ed)?\b[^.]{0,100}\bin any order\b"
    r"|\b(?:print|output)\b[^.]{0,60}\bin (?:any|arbitrary) order\b"
    r"|\bany (?:valid|correct|possible|such) (?:answer|solution|output|one)s?\b[^.]{0,40}"
    r"\b(?:accepted|correct)\b",
    re.IGNORECASE,
)
_TOLERANCE = re.compile(
    r"\b(?:absolute|relative)(?: (?:or|and|and/or) (?:absolute|relative))? error\b",
    re.IGNORECASE,
)
_INTERACTIVE = re.compile(r"\bthis is an interactive problem\b", re.IGNORECASE)


def find_unjudgeable(statement: str) -> str | None:
    """Why tests with one expected output call right programs wrong; None where they do not.

    Example:
        >>> find_unjudgeable("If there are several solutions, print any of them.")
        'multiple-answers'
        >>> find_unjudgeable("Your answer is correct if the absolute or relative error is ...")
        'tolerance'
        >>> find_unjudgeable("Print the sum of any two of them.") is None
        True
    """
    words = " ".join(statement.split())
    if _INTERACTIVE.search(words):
        return INTERACTIVE
    if _SEVERAL.search(words):
        return SEVERAL
    return TOLERANCE if _TOLERANCE.search(words) else None
