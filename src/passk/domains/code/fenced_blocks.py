"""Fenced blocks of a response; see rules 2 and 3 of `passk.domains.code.extraction`."""

import itertools
import re
import textwrap
from typing import NamedTuple

from passk.domains.code.fence_labels import OTHER, is_python, rank, split_info
from passk.domains.code.fences import (
    BLANK,
    RUN,
    Fence,
    code_before_marks,
    open_fence,
    rank_of,
    reopen,
    unquoted,
)
from passk.domains.code.python_syntax import defines, does_something, parse

# Later closing marks that are tried where a block would end within a text in triple quotes, and
# how often in one response.
_LATER, _LATER_TRIES = 8, 64
_HEADS = 4  # lines with marks that may end a block which the prompt opened
_PRINTS = re.compile(r"\bprint\s*\(")


class FencedBlock(NamedTuple):
    """Lines [start, stop) of the text, less quotation and the fence's indent.

    Attributes:
        rank: 2 where the label is Python's, 1 without a label, 0 for another.
    """

    text: str
    rank: int
    closed: bool
    start: int
    stop: int


def _on_one_line(number: int, line: str, entry: str | None) -> FencedBlock | None:
    """A program between marks on one line: ```python print(1)```."""
    stripped = line.strip(BLANK)
    marks = RUN.match(stripped)
    if marks is None or not stripped.endswith(marks[0]) or len(stripped) <= 2 * len(marks[0]):
        return None
    inside = stripped[marks.end() : -len(marks[0])]
    if "`" in inside:
        return None
    label, code = split_info(inside.strip(BLANK))
    tree = parse(code)
    if tree is None or not (defines(tree, entry) if entry else _PRINTS.search(code)):
        return None
    return FencedBlock(code, rank(label), True, number, number + 1)


class _Blocks:
    """Reads the blocks of lines, one line after the other."""

    def __init__(self, lines: list[str], entry: str | None) -> None:
        self._lines, self._entry = lines, entry
        self._tries = self._heads = 0
        self._any_fence = False
        marks = (line.count('"""') + 1j * line.count("'''") for line in lines)
        self._quotes = [0j, *itertools.accumulate(marks)]
        self.blocks: list[FencedBlock] = []

    def read(self) -> list[FencedBlock]:
        """All blocks, in order."""
        opened: Fence | None = None
        number = 0
        while number < len(self._lines):
            if opened is None:
                opened = self._open(number)
                number += 1
            else:
                opened, number = self._go_on(opened, number)
        if opened is not None:
            self._add(opened, len(self._lines), closed=False)
        return [block for block in self.blocks if block.text.strip()]

    def _open(self, number: int) -> Fence | None:
        line = self._lines[number]
        if "```" not in line and "~~~" not in line:
            return None
        fence = open_fence(number, line)
        if fence is None:
            if block := _on_one_line(number, line, self._entry):
                self.blocks.append(block)
                self._any_fence = True
            elif not self._any_fence:
                self._close_head(number, code_before_marks(line, "```"))
            return None
        if not self._any_fence and not fence.label and not fence.code:
            self._close_head(number, "")
            if self.blocks:
                return None
        self._any_fence = True
        return fence

    def _close_head(self, number: int, last: str | None) -> None:
        """A first fence that closes what the prompt opened: what stands before it is Python."""
        self._heads += 1
        if last is None or self._heads > _HEADS:
            return
        text = "\n".join([*self._lines[:number], last]).rstrip("\n" + BLANK)
        tree = parse(text)
        if tree is None or not text.strip():
            return
        if defines(tree, self._entry) if self._entry else does_something(tree):
            stop = number + 1 if last else number
            self.blocks.append(FencedBlock(text, 1, True, 0, stop))
            self._any_fence = True

    def _go_on(self, opened: Fence, number: int) -> tuple[Fence | None, int]:
        """One more line of an open block: the block that is open then, and the next line."""
        line = unquoted(self._lines[number], opened.quote)
        if "```" not in line and "~~~" not in line:
            return opened, number + 1
        rest = line.lstrip(BLANK)
        marks = RUN.match(rest)
        if marks is None or not marks[0].startswith(opened.mark):
            return self._end_of_line(opened, number, line)
        info = rest[marks.end() :].strip(BLANK)
        if "`" in info:
            return opened, number + 1
        later = self._later(opened, number) if self._within_quotes(opened, number) else None
        if later is not None:
            return None, later + 1
        self._add(opened, number)
        return reopen(opened, number, info, marks[0]), number + 1

    def _end_of_line(self, opened: Fence, number: int, line: str) -> tuple[Fence | None, int]:
        """Marks that close a block at the end of its last line, or open another behind prose."""
        last = code_before_marks(line, opened.mark)
        if last is not None and not self._within_quotes(opened, number, last):
            self._add(opened, number, last=last)
            return None, number + 1
        fence = open_fence(number, self._lines[number])
        if fence is not None and fence.mark.startswith(opened.mark) and is_python(fence.label):
            self._add(opened, number)
            return fence._replace(mark=opened.mark), number + 1
        return None if self._ends_within(opened, number, line) else opened, number + 1

    def _ends_within(self, opened: Fence, number: int, line: str) -> bool:
        """Whether marks close a block within a line, behind code and before prose."""
        before, marks, after = line.partition(opened.mark)
        if not marks or not before.strip() or opened.mark in after or "#" in before:
            return False
        if rank_of(opened) == OTHER:
            return False
        if self._tries > _LATER_TRIES or self._within_quotes(opened, number, before):
            return False
        self._tries += 1
        last = before.rstrip(BLANK)
        if parse(self._content(opened, number, last)) is None:
            return False
        self._add(opened, number, last=last)
        return True

    def _within_quotes(self, opened: Fence, number: int, last: str = "") -> bool:
        """Whether a line stands in a text in triple quotes, which the block began."""
        marks = self._quotes[number] - self._quotes[opened.line + 1]
        double, single = int(marks.real), int(marks.imag)
        return bool((double + last.count('"""')) % 2 or (single + last.count("'''")) % 2)

    def _later(self, opened: Fence, number: int) -> int | None:
        """The line of a later closing mark with which the block is Python, for a docstring's."""
        tried = 0
        if self._tries > _LATER_TRIES:
            return None
        for later in range(number + 1, len(self._lines)):
            line = unquoted(self._lines[later], opened.quote).strip(BLANK)
            if not line.startswith(opened.mark) or line.strip("`~"):
                continue
            tried += 1
            self._tries += 1
            if tried > _LATER or self._tries > _LATER_TRIES:
                return None
            if self._within_quotes(opened, later):
                continue
            if parse(self._content(opened, later, None)) is not None:
                self._add(opened, later)
                return later
        return None

    def _content(self, opened: Fence, stop: int, last: str | None) -> str:
        lines = [unquoted(line, opened.quote) for line in self._lines[opened.line + 1 : stop]]
        if last is not None:
            lines.append(last)
        first = next((line for line in lines if line.strip()), "")
        # In a list of Markdown's a fence stands behind blanks, and what it holds does, too.
        if opened.indent and first.startswith(opened.indent):
            indent = opened.indent
            lines = [
                line[len(indent) :] if line.startswith(indent) else line.lstrip(BLANK)
                for line in lines
            ]
        if opened.code:
            lines.insert(0, opened.code)
        return "\n".join(lines)

    def _add(
        self, opened: Fence, stop: int, *, closed: bool = True, last: str | None = None
    ) -> None:
        text = self._content(opened, stop, last)
        if text[:1] in BLANK and parse(text) is None:
            text = textwrap.dedent(text)
        start = opened.line if opened.code else opened.line + 1
        end = stop if last is None else stop + 1
        self.blocks.append(FencedBlock(text, rank_of(opened), closed, start, end))


def fenced_blocks(text: str, entry: str | None) -> list[FencedBlock]:
    """Fenced blocks of any language that are not blank, in order.

    Args:
        text: of the response.
        entry: what is called; None: nothing is.
    """
    return _Blocks(text.split("\n"), entry).read()
