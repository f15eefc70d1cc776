"""Lines that open or close a fenced block; see rule 2 of `passk.domains.code.extraction`."""

import re
from typing import NamedTuple

from passk.domains.code.fence_labels import PYTHON, is_python, rank, split_info

BLANK = " \t"
RUN = re.compile(r"`{3,}|~{3,}")
_ITEM = re.compile(r"(?:[-*+]|[0-9]{1,9}[.)])[ \t]+")


class Fence(NamedTuple):
    """A line that opens a block: marks of quotation and blanks before it, its marks, the rest."""

    line: int
    quote: int
    indent: str
    mark: str
    label: str
    code: str


def unquoted(line: str, depth: int) -> str:
    """A line without so many `>` of a quotation; a line that lacks them stays."""
    for _ in range(depth):
        rest = line.lstrip(BLANK)
        if not rest.startswith(">"):
            return line
        line = rest[1:].removeprefix(" ")
    return line


def open_fence(number: int, line: str) -> Fence | None:
    """The fence that a line is; one with Python's label may stand behind prose."""
    rest, quote = line.lstrip(BLANK), 0
    indent = line[: len(line) - len(rest)]
    while rest.startswith(">"):
        stripped = rest[1:].lstrip(BLANK)
        indent = rest[1 : len(rest) - len(stripped)].removeprefix(" ")
        rest, quote = stripped, quote + 1
    if (marks := RUN.search(rest)) is None:
        return None
    info = rest[marks.end() :].strip(BLANK)
    if "`" in info:
        return None
    label, code = split_info(info)
    if marks.start():
        item = _ITEM.fullmatch(rest, 0, marks.start())
        if item is None and (not label or not is_python(label)):
            return None
        indent = " " * (len(indent) + marks.start()) if item else ""
    return Fence(number, quote, indent, marks[0], label, code)


def reopen(opened: Fence, number: int, info: str, mark: str) -> Fence | None:
    """The block that closing marks open anew, where the one before was never closed."""
    label, code = split_info(info)
    if is_python(label):
        return Fence(number, opened.quote, "", opened.mark, label, code)
    prose = not info or code or " " in info
    return None if prose else Fence(number, opened.quote, "", mark, label, "")


def rank_of(fence: Fence) -> int:
    """See `FencedBlock.rank`."""
    return PYTHON if fence.code and not fence.label else rank(fence.label)


def code_before_marks(line: str, mark: str) -> str | None:
    """What stands before marks at the end of a line, if anything does and there are no others."""
    stripped = line.rstrip(BLANK)
    before = stripped.rstrip(mark[0])
    if len(stripped) - len(before) < len(mark) or not before.strip(BLANK):
        return None
    return None if mark in before or "#" in before else before.rstrip(BLANK)
