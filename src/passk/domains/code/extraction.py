"""The program that a response states, by the rules of the benchmarks' own harnesses.

1. What stands before the last `</think>` is left out; of `<answer>` tags, the inside of the last.
   Tags within a fenced program that is valid are its own.
2. Fences (three or more backticks or tildes on a line of their own) cut the text into blocks. A
   response whose prompt opened the fence starts inside one: what stands before the first fence is
   a block if it is Python that does something. A last block that is never closed ends with the
   text. Where a block is indented as its fence is (in a list), that indent is left out.
3. Of blocks, the last that defines the entry point (evalplus looks for it; LiveCodeBench takes
   the last block, here the rule where nothing is to be called). Where none does: a run of lines
   as in rule 4, else the last block that mentions the definition but has a syntax error, else
   the last block. Blocks in another language count only where there are no others.
4. Without a fence, the longest run of lines that is Python (evalplus): of runs that define the
   entry point where one is to be called, and of all runs that do something where none is.
5. Where a function or method is called, statements after its definition that merely try it out
   (assert, print, read input or call it; `if __name__ == "__main__"`) are left out, unless what
   they bind is used by what stays. evalplus keeps imports and what the entry point reaches.

A completion (a function's body alone) is none of these: see `completed`.
"""

import ast
import re
import warnings
from typing import NamedTuple

from passk.domains.code.fenced_blocks import FencedBlock, fenced_blocks
from passk.domains.code.python_syntax import LONGEST, defines, does_something, parse
from passk.domains.code.trials import without_trials

# Tries, and characters parsed in all of them, at most, when looking for the longest run of lines.
_TRIES, _PARSED = 2000, 1 << 24

_THINK_END = "</think>"
_TAG = re.compile(r"<(/think|/?answer)>")
_HIDDEN, _HIDDEN_TAG = "\ue000\ue001", re.compile("\ue000\ue001(/think|/?answer)>")
_ANSWER = re.compile(r"<answer>(.*?)(</answer>|\Z)", re.DOTALL)


class Extracted(NamedTuple):
    """A program, and whether the response says where it ends.

    Attributes:
        program: Python; not necessarily valid.
        closed: False where the program ends with the text; it may have been cut there.
    """

    program: str
    closed: bool


def extract(response: str, entry: str | None) -> Extracted | None:
    r"""The program of a response, or None.

    Args:
        response: what a model wrote.
        entry: what is called, `name` or `Class.method`; None for a program that reads and prints.

    Example:
        >>> extract("Here it is:\n```python\ndef f(x):\n    return x\n```\nDone.", "f")
        Extracted(program='def f(x):\n    return x', closed=True)
    """
    # Python, too, takes each of the three for the end of a line.
    text, tagged = _stated(response.replace("\r\n", "\n").replace("\r", "\n"), entry)
    blocks = fenced_blocks(text, entry)
    block = _defining(blocks, entry) if entry else _last(blocks)
    if block is None and (entry or not blocks):
        if (program := longest_run(text, entry)) is not None:
            return Extracted(without_trials(program, entry), tagged)
        block = _mentioning(blocks, entry) or _last(blocks)
    if block is None:
        return None
    return Extracted(without_trials(block.text, entry), block.closed or tagged)


def completed(prompt: str, completion: str) -> str:
    """The program of a completion: the body of the function that the prompt begins."""
    return prompt + completion


def _stated(text: str, entry: str | None) -> tuple[str, bool]:
    """The text that counts, and whether a closing tag ends it."""
    text = _hidden(text, entry).rpartition(_THINK_END)[2]
    answers = [match for match in _ANSWER.finditer(text) if match[1].strip()]
    text, tagged = (answers[-1][1], bool(answers[-1][2])) if answers else (text, False)
    return _HIDDEN_TAG.sub(r"<\1>", text), tagged


def _hidden(text: str, entry: str | None) -> str:
    """The text without the tags within fenced programs, which are the programs' own."""
    if _HIDDEN in text or not _TAG.search(text):
        return text
    lines = text.split("\n")
    for block in fenced_blocks(text, entry):
        if _TAG.search(block.text) and (tree := parse(block.text)) is not None:
            if not (defines(tree, entry) if entry else does_something(tree)):
                continue
            for number in range(block.start, block.stop):
                lines[number] = _TAG.sub(rf"{_HIDDEN}\1>", lines[number])
    return "\n".join(lines)


def _defining(blocks: list[FencedBlock], entry: str) -> FencedBlock | None:
    for block in reversed(blocks):
        if (tree := parse(block.text)) is not None and defines(tree, entry):
            return block
    return None


def _mentioning(blocks: list[FencedBlock], entry: str | None) -> FencedBlock | None:
    name = re.escape((entry or "").rpartition(".")[2])
    definition = re.compile(rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{name}\b", re.MULTILINE)
    return next((block for block in reversed(blocks) if definition.search(block.text)), None)


def _last(blocks: list[FencedBlock]) -> FencedBlock | None:
    return blocks[-1] if blocks else None


def longest_run(text: str, entry: str | None) -> str | None:
    """The longest run of lines that is Python, in lines that are not blank; None without one."""
    if len(text) > LONGEST:
        return None
    lines = text.split("\n")
    best, most, tries, parsed, past = None, 0, 0, 0, 0
    for start, line in enumerate(lines):
        if start < past or not line.strip() or line[0] in " \t":
            continue  # inside of a run that is known, or no start of a module
        stop = len(lines)
        while stop > start and tries < _TRIES and parsed < _PARSED:
            tries += 1
            parsed += stop - start + sum(map(len, lines[start:stop]))
            tree, stop = _parse_lines(lines, start, stop)
            if tree is None:
                continue
            past = stop
            size = sum(1 for line in lines[start:stop] if line.strip())
            fits = defines(tree, entry) if entry else does_something(tree)
            if fits and size > most:
                best, most = "\n".join(lines[start:stop]).rstrip(), size
            break
    return best


def _parse_lines(lines: list[str], start: int, stop: int) -> tuple[ast.Module | None, int]:
    """A module of lines [start, stop); where they are none, the end of what may be one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("\n".join(lines[start:stop])), stop
    except SyntaxError as error:
        # Lines up to the error may be a module. An error of indentation or of the end of the text
        # is reported past its cause, so each try ends at least one line earlier.
        return None, min(stop - 1, start + max(0, (error.lineno or 1) - 1))
    except (ValueError, RecursionError, MemoryError):
        return None, start
