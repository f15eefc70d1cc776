"""The program that a response states, by the rules of the benchmarks' own harnesses.

1. Thoughts are left out, also one that is never closed, and what stands behind the end of a turn
   (`passk.domains.stated`). Of `<answer>` tags, the inside of the last that holds a program; tags
   within a fenced program that is valid are its own.
2. Fences (three or more backticks or tildes) cut the text into blocks. They may stand in a list or
   a quotation; one with Python's label may stand behind prose, and code may begin on its line.
   Marks at the end of a block's last line close it, too; those within a text in triple quotes do
   not, where the block is Python only without. A response whose prompt opened the fence starts
   inside one: what stands before the first fence is a block if it is Python that does something.
   A last block that is never closed ends with the text.
3. Where something is called: of blocks labelled as Python or not at all, the last that defines it,
   but for heads without bodies (evalplus looks for it). Where nothing is: of blocks labelled as
   Python, or without these of those without a label, the last that reads input and prints, on its
   own (LiveCodeBench takes the last block, also where it is a sample output or a test). Names that
   the block reads and another one binds (imports, a helper) bring that other one along. Where no
   such block is valid: a run of lines as in rule 4, else the last block that mentions the
   definition, else the last block.
4. Without a fence, a run of lines that is Python (evalplus takes the longest): the last that
   defines what is called, as in rule 3, or the program as there. `[BEGIN]`, `[DONE]` and their
   like count as fences; single words that parse (`Solution`, `Output: 4`) are left out.
5. Where a function or method is called, statements that merely try it out (assert, print, read
   input, call it or a function that does so; `if __name__ == "__main__"`), imports from outside of
   the standard library that it does not need, and what reads what only these bind, are left out,
   unless what is called needs what they bind or change. evalplus keeps imports and what the entry
   point reaches.

A completion (a function's body alone) is none of these: see `completed`. A program in JSON, or in
pieces that have to be pasted into another one, is not found.
"""

import re
from typing import NamedTuple

from passk.domains.code.code_runs import CodeRun, code_runs
from passk.domains.code.fence_labels import OTHER, PYTHON
from passk.domains.code.fenced_blocks import FencedBlock, fenced_blocks
from passk.domains.code.markers import fence_markers
from passk.domains.code.module_statements import erase_statements
from passk.domains.code.program_choice import Piece, choose_defining, choose_program
from passk.domains.code.python_syntax import defines, does_something, is_bare_word, parse
from passk.domains.code.trials import without_trials
from passk.domains.stated.tags import leaves_open, tags
from passk.domains.stated.thoughts import said

_TAGS = 8  # answer tags that are looked into, from the last
_TAG = re.compile(r"<\|?/?\w|\[/?THINK|◁")


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
    text = response.replace("\r\n", "\n").replace("\r", "\n")
    own = _own_spans(text, entry)
    start, end = said(text, own)
    left_open = leaves_open(text, start, end, own)
    for tag in reversed(tags(text, start, end, own)[-_TAGS:]):
        if (extracted := _extract_said(tag.text, entry)) is not None:
            closed = not left_open if tag.closed else extracted.closed
            return extracted._replace(closed=closed)
    extracted = _extract_said(text[start:end], entry)
    return extracted._replace(closed=False) if extracted and left_open else extracted


def completed(prompt: str, completion: str) -> str:
    """The program of a completion: the body of the function that the prompt begins."""
    return prompt + completion


def _own_spans(text: str, entry: str | None) -> list[tuple[int, int]]:
    """Spans of fenced programs that mention tags, which are the programs' own."""
    if not _TAG.search(text):
        return []
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    spans = []
    for block in fenced_blocks(text, entry):
        tree = parse(block.text) if _TAG.search(block.text) else None
        if tree is not None and (defines(tree, entry) if entry else does_something(tree)):
            spans.append((starts[block.start], starts[block.stop]))
    return spans


def _extract_said(text: str, entry: str | None) -> Extracted | None:
    """The program of a text without thoughts."""
    blocks = fenced_blocks(text, entry)
    if (extracted := _from_blocks(blocks, entry)) is not None:
        return extracted
    if entry is None and any(block.rank == PYTHON for block in blocks):
        return _as_it_is(_last(blocks), entry)  # its valid parts are no program
    marked = fence_markers(text)
    if marked is not None:
        extracted = _from_blocks(fenced_blocks(marked, entry), entry)
        if extracted is not None:
            return extracted
    bare = text if entry is not None else _outside(text, blocks)
    if (extracted := _from_runs(code_runs(bare), entry)) is not None:
        return extracted
    return _as_it_is(_mentioning(blocks, entry) or _last(blocks), entry)


def _as_it_is(block: FencedBlock | None, entry: str | None) -> Extracted | None:
    return None if block is None else Extracted(without_trials(block.text, entry), block.closed)


def _outside(text: str, blocks: list[FencedBlock]) -> str:
    """The lines that are in no block."""
    lines = text.split("\n")
    for block in blocks:
        lines[block.start : block.stop] = [""] * (block.stop - block.start)
    return "\n".join(lines)


def _from_blocks(blocks: list[FencedBlock], entry: str | None) -> Extracted | None:
    """The program of blocks that are valid."""
    left_open = bool(blocks) and _may_replace(blocks, entry)
    ranks = {block.rank for block in blocks}
    if ranks - {OTHER}:
        blocks = [block for block in blocks if block.rank != OTHER]
    if entry is None and PYTHON in ranks:
        blocks = [block for block in blocks if block.rank == PYTHON]
    pieces = [
        Piece(block.text, tree, block.closed)
        for block in blocks
        if (tree := parse(block.text)) is not None
    ]
    piece = choose_program(pieces) if entry is None else choose_defining(pieces, entry)
    if piece is None:
        return None
    return Extracted(without_trials(piece.text, entry), piece.closed and not left_open)


def _may_replace(blocks: list[FencedBlock], entry: str | None) -> bool:
    """Whether the last block is open, and was going to be the program, or another draft of it."""
    last = blocks[-1]
    if last.closed:
        return False
    if entry is not None:
        return _mentioning([last], entry) is not None
    return last.rank == max(block.rank for block in blocks)


def _from_runs(runs: list[CodeRun], entry: str | None) -> Extracted | None:
    """The program of runs of lines."""
    pieces = [_without_words(run) for run in runs if does_something(run.tree)]
    piece = choose_program(pieces) if entry is None else choose_defining(pieces, entry)
    return None if piece is None else Extracted(without_trials(piece.text, entry), closed=False)


def _without_words(run: CodeRun) -> Piece:
    words = {number for number, node in enumerate(run.tree.body) if is_bare_word(node)}
    text = erase_statements(run.text, run.tree, words)
    tree = parse(text) if words else run.tree
    return Piece(text, tree, False) if tree is not None else Piece(run.text, run.tree, False)


def _mentioning(blocks: list[FencedBlock], entry: str | None) -> FencedBlock | None:
    name = re.escape((entry or "").rpartition(".")[2])
    definition = re.compile(rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{name}\b", re.MULTILINE)
    return next((block for block in reversed(blocks) if definition.search(block.text)), None)


def _last(blocks: list[FencedBlock]) -> FencedBlock | None:
    """The last block of the highest rank."""
    ranks = {block.rank for block in blocks}
    return next((block for block in reversed(blocks) if block.rank == max(ranks)), None)
