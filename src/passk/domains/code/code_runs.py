"""Runs of lines that are Python, in a text without fences; see rule 4 of `extraction`."""

import ast
import keyword
import re
import textwrap
from typing import NamedTuple

from passk.domains.code.python_syntax import (
    LONGEST,
    is_parseable,
    parse,
    parse_strictly,
    without_long_imports,
)

# Tries, and characters parsed in all of them, at most, when looking for runs of lines.
_TRIES, _PARSED = 2000, 1 << 24
# Two words and no comma: no statement begins so, but for these.
_WORDS = re.compile(r"([^\W\d]\w*) +([^\W\d]\w*)")
_KEYWORDS = frozenset([*keyword.kwlist, *keyword.softkwlist, "print"])


class CodeRun(NamedTuple):
    """Lines [start, stop) of a text that are a module."""

    text: str
    tree: ast.Module
    start: int
    stop: int


def code_runs(text: str) -> list[CodeRun]:
    """The runs of lines that are Python, each as long as can be, in order."""
    if len(text) > LONGEST:
        return []
    text = without_long_imports(text)
    if not is_parseable(text):  # nor is a part of it, then, and otherwise each part is
        return []
    lines = text.split("\n")
    return _flush_runs(lines) or _indented_runs(lines)


def _flush_runs(lines: list[str]) -> list[CodeRun]:
    runs: list[CodeRun] = []
    tries = parsed = past = 0
    for start, line in enumerate(lines):
        if start < past or not _may_begin(line):
            continue  # inside of a run that is known, or no start of a module
        stop = len(lines)
        while stop > start and tries < _TRIES and parsed < _PARSED:
            tries += 1
            parsed += stop - start + sum(map(len, lines[start:stop]))
            tree, stop = _parse_lines(lines, start, stop)
            if tree is not None:
                past = stop
                runs.append(CodeRun("\n".join(lines[start:stop]).rstrip(), tree, start, stop))
                break
    return runs


def _may_begin(line: str) -> bool:
    if not line.strip() or line[0] in " \t":
        return False
    words = _WORDS.match(line)
    return words is None or not _KEYWORDS.isdisjoint(words.groups())


def _parse_lines(lines: list[str], start: int, stop: int) -> tuple[ast.Module | None, int]:
    """A module of lines [start, stop); where they are none, the end of what may be one."""
    try:
        return parse_strictly("\n".join(lines[start:stop])), stop
    except SyntaxError as error:
        # Lines up to the error may be a module. An error of indentation or of the end of the text
        # is reported past its cause, so each try ends at least one line earlier.
        return None, min(stop - 1, start + max(0, (error.lineno or 1) - 1))
    except (ValueError, RecursionError, MemoryError):
        return None, start


def _indented_runs(lines: list[str]) -> list[CodeRun]:
    """Code as Markdown has it without fences: lines behind four blanks or a tab."""
    runs: list[CodeRun] = []
    start: int | None = None
    for number, line in enumerate([*lines, "."]):
        if line.startswith(("    ", "\t")) or (start is not None and not line.strip()):
            start = number if start is None else start
            continue
        if start is not None:
            text = textwrap.dedent("\n".join(lines[start:number])).strip("\n")
            if (tree := parse(text)) is not None:
                runs.append(CodeRun(text, tree, start, number))
        start = None
    return runs
