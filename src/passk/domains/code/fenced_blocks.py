"""Fenced blocks of a response; see rules 2 and 3 of `passk.domains.code.extraction`."""

import re
from typing import NamedTuple

from passk.domains.code.python_syntax import defines, does_something, parse

_BLANK = " \t"
_MARK = re.compile(r"[`~]")
_ITEM = re.compile(r"(?:[-*+]|[0-9]{1,9}[.)])[ \t]+")
# What a fence behind prose is followed by: `Answer: ```python`.
_BEHIND = frozenset({"python", "py", "python3"})
_PYTHON = frozenset({"", "python", "python3", "py", "py3", "python2", "sage"})


class Fence(NamedTuple):
    """A line that opens or closes a block: blanks before it, its marks, what stands behind."""

    line: int
    indent: str
    mark: str
    info: str


class FencedBlock(NamedTuple):
    """Lines [start, stop) of the text, less the fence's indent."""

    text: str
    language: str
    closed: bool
    start: int
    stop: int


def _fence(number: int, line: str) -> Fence | None:
    """The fence that a line is; one with a language may stand behind prose."""
    unquoted = line.lstrip(_BLANK)
    indent = line[: len(line) - len(unquoted)]
    if unquoted.startswith(">"):
        unquoted = unquoted[1:].lstrip(_BLANK)
    if (marks := _MARK.search(unquoted)) is None:
        return None
    behind = unquoted[marks.start() :].lstrip(marks[0])
    mark = marks[0] * (len(unquoted) - marks.start() - len(behind))
    info = behind.strip(_BLANK)
    if len(mark) < 3 or "`" in info:
        return None
    if marks.start() and behind.rstrip(_BLANK).lower() not in _BEHIND:
        return None
    if marks.start():
        item = _ITEM.fullmatch(unquoted, 0, marks.start())
        indent = " " * (len(indent) + marks.start()) if item else ""
    return Fence(number, indent, mark, info)


def _inside(
    lines: list[str], opened: Fence | None, stop: int, *, closed: bool = True
) -> FencedBlock:
    """The block from a fence, or from the text's beginning, to a line.

    In a list of Markdown's a fence stands behind blanks, and what it holds does, too.
    """
    start = opened.line + 1 if opened else 0
    content, indent = lines[start:stop], opened.indent if opened else ""
    first = next((line for line in content if line.strip()), "")
    if indent and first.startswith(indent):
        content = [
            line[len(indent) :] if line.startswith(indent) else line.lstrip(_BLANK)
            for line in content
        ]
    return FencedBlock("\n".join(content), opened.info if opened else "", closed, start, stop)


def fenced_blocks(text: str, entry: str | None) -> list[FencedBlock]:
    """Fenced blocks in order that are not blank; those in Python alone where there are such."""
    lines = text.split("\n")
    fences = [fence for number, line in enumerate(lines) if (fence := _fence(number, line))]
    blocks: list[FencedBlock] = []
    if fences and not fences[0].info:
        head = _inside(lines, None, fences[0].line)
        tree = parse(head.text)
        if tree is not None and (defines(tree, entry) if entry else does_something(tree)):
            blocks.append(head)
            fences = fences[1:]
    opened: Fence | None = None
    for fence in fences:
        if opened is None:
            opened = fence
        elif not fence.mark.startswith(opened.mark):
            continue  # text of a block that a longer or another fence opened
        elif not fence.info:
            blocks.append(_inside(lines, opened, fence.line))
            opened = None
        elif _language(fence.info) in _PYTHON:  # the fence before was never closed
            blocks.append(_inside(lines, opened, fence.line))
            opened = fence._replace(mark=opened.mark)
    if opened is not None:
        blocks.append(_inside(lines, opened, len(lines), closed=False))
    blocks = [block for block in blocks if block.text.strip()]
    return [block for block in blocks if _language(block.language) in _PYTHON] or blocks


def _language(info: str) -> str:
    return info.partition(" ")[0].strip("{}.").lower()
