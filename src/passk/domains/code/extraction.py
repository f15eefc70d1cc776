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

# Longest text in which a program without fences is looked for, and longest program that is
# parsed here, in characters: far past what a model writes, and a bound on this process's work.
LONGEST = 1 << 18
# Tries, and characters parsed in all of them, at most, when looking for the longest run of lines.
_TRIES, _PARSED = 2000, 1 << 24

_BLANK = " \t"
_MARK = re.compile(r"[`~]")
_ITEM = re.compile(r"(?:[-*+]|[0-9]{1,9}[.)])[ \t]+")
# What a fence behind prose is followed by: `Answer: ```python`.
_BEHIND = frozenset({"python", "py", "python3"})
_PYTHON = frozenset({"", "python", "python3", "py", "py3", "python2", "sage"})
_THINK_END = "</think>"
_TAG = re.compile(r"<(/think|/?answer)>")
_HIDDEN, _HIDDEN_TAG = "\ue000\ue001", re.compile("\ue000\ue001(/think|/?answer)>")
_ANSWER = re.compile(r"<answer>(.*?)(</answer>|\Z)", re.DOTALL)
_TRIAL = frozenset({"print", "input"})
_ASSIGNS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


class Extracted(NamedTuple):
    """A program, and whether the response says where it ends.

    Attributes:
        program: Python; not necessarily valid.
        closed: False where the program ends with the text; it may have been cut there.
    """

    program: str
    closed: bool


class _Fence(NamedTuple):
    """A line that opens or closes a block: blanks before it, its marks, what stands behind."""

    line: int
    indent: str
    mark: str
    info: str


class _Block(NamedTuple):
    """Lines [start, stop) of the text, less the fence's indent."""

    text: str
    language: str
    closed: bool
    start: int
    stop: int


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
    blocks = _blocks(text, entry)
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


def parse(program: str) -> ast.Module | None:
    """The syntax tree; None where it has an error, or is too long to be parsed here."""
    if len(program) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes, to standard error
            return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def defines(tree: ast.Module, entry: str) -> bool:
    """Whether a module defines what is called (a class's method: class or bare function)."""
    owner, _, method = entry.rpartition(".")
    return bool({method, owner} & bound_names(tree))


def bound_names(tree: ast.Module) -> set[str]:
    """Names that a module binds."""
    return {name for node in tree.body for name in _bound(node)}


def _bound(node: ast.stmt) -> set[str]:
    """Names that a statement binds in the module."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    bound = set()
    for child in ast.walk(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(child.name)
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            bound.add(child.id)
    return bound


def _does_something(tree: ast.Module) -> bool:
    """Whether a module is more than prose that happens to parse (`Sure`, `x, y`, `"so"`)."""
    return any(
        not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call | ast.Await)
        for node in tree.body
    ) and not all(isinstance(node, ast.AnnAssign) and node.value is None for node in tree.body)


def _stated(text: str, entry: str | None) -> tuple[str, bool]:
    """The text that counts, and whether a closing tag ends it."""
    text = _hidden(text, entry).rpartition(_THINK_END)[2]
    found = [match for match in _ANSWER.finditer(text) if match[1].strip()]
    text, tagged = (found[-1][1], bool(found[-1][2])) if found else (text, False)
    return _HIDDEN_TAG.sub(r"<\1>", text), tagged


def _hidden(text: str, entry: str | None) -> str:
    """The text without the tags within fenced programs, which are the programs' own."""
    if _HIDDEN in text or not _TAG.search(text):
        return text
    lines = text.split("\n")
    for block in _blocks(text, entry):
        if _TAG.search(block.text) and (tree := parse(block.text)) is not None:
            if not (defines(tree, entry) if entry else _does_something(tree)):
                continue
            for number in range(block.start, block.stop):
                lines[number] = _TAG.sub(rf"{_HIDDEN}\1>", lines[number])
    return "\n".join(lines)


def _fence(number: int, line: str) -> _Fence | None:
    """The fence that a line is; one with a language may stand behind prose."""
    rest = line.lstrip(_BLANK)
    indent = line[: len(line) - len(rest)]
    if rest.startswith(">"):
        rest = rest[1:].lstrip(_BLANK)
    if (found := _MARK.search(rest)) is None:
        return None
    behind = rest[found.start() :].lstrip(found[0])
    mark = found[0] * (len(rest) - found.start() - len(behind))
    info = behind.strip(_BLANK)
    if len(mark) < 3 or "`" in info:
        return None
    if found.start() and behind.rstrip(_BLANK).lower() not in _BEHIND:
        return None
    if found.start():
        item = _ITEM.fullmatch(rest, 0, found.start())
        indent = " " * (len(indent) + found.start()) if item else ""
    return _Fence(number, indent, mark, info)


def _inside(lines: list[str], opened: _Fence | None, stop: int, *, closed: bool = True) -> _Block:
    """The block from a fence, or from the text's beginning, to a line.

    In a list of Markdown's a fence stands behind blanks, and what it holds does, too.
    """
    start = opened.line + 1 if opened else 0
    held, indent = lines[start:stop], opened.indent if opened else ""
    first = next((line for line in held if line.strip()), "")
    if indent and first.startswith(indent):
        held = [
            line[len(indent) :] if line.startswith(indent) else line.lstrip(_BLANK) for line in held
        ]
    return _Block("\n".join(held), opened.info if opened else "", closed, start, stop)


def _blocks(text: str, entry: str | None) -> list[_Block]:
    """Fenced blocks in order that are not blank; those in Python alone where there are such."""
    lines = text.split("\n")
    fences = [fence for number, line in enumerate(lines) if (fence := _fence(number, line))]
    blocks: list[_Block] = []
    if fences and not fences[0].info:
        head = _inside(lines, None, fences[0].line)
        tree = parse(head.text)
        if tree is not None and (defines(tree, entry) if entry else _does_something(tree)):
            blocks.append(head)
            fences = fences[1:]
    opened: _Fence | None = None
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


def _defining(blocks: list[_Block], entry: str) -> _Block | None:
    for block in reversed(blocks):
        if (tree := parse(block.text)) is not None and defines(tree, entry):
            return block
    return None


def _mentioning(blocks: list[_Block], entry: str | None) -> _Block | None:
    name = re.escape((entry or "").rpartition(".")[2])
    definition = re.compile(rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{name}\b", re.MULTILINE)
    return next((block for block in reversed(blocks) if definition.search(block.text)), None)


def _last(blocks: list[_Block]) -> _Block | None:
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
            fits = defines(tree, entry) if entry else _does_something(tree)
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


def without_trials(program: str, entry: str | None) -> str:
    """A program without statements that merely try out its entry point; see rule 5."""
    tree = parse(program) if entry is not None else None
    if tree is None or entry is None or not defines(tree, entry):
        return program
    owner, _, method = entry.rpartition(".")
    names = {owner or method, method}
    last = max(number for number, node in enumerate(tree.body) if names & _bound(node))
    trials = [node for node in tree.body[last + 1 :] if _tries_out(node, names)]
    tried = set(map(id, trials))
    kept = [node for node in tree.body if id(node) not in tried]
    used = {name for node in kept for name in _read_by(node)}
    tables = {name for node in kept if isinstance(node, _ASSIGNS) for name in _bound(node)}
    taken = {number for node in kept for number in _lines(node)}
    lines = program.split("\n")
    for node in trials:
        if _bound(node) & used or _mentioned(node) & tables or taken & set(_lines(node)):
            continue
        for number in _lines(node):
            lines[number] = ""
    return "\n".join(lines).rstrip() if trials else program


def _lines(node: ast.stmt) -> range:
    return range(node.lineno - 1, node.end_lineno or node.lineno)


def _mentioned(node: ast.stmt) -> set[str]:
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


def _read_by(node: ast.stmt) -> set[str]:
    """Names of the module that a statement reads; those that a function binds itself are not."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return _mentioned(node)
    own = {child.arg for child in ast.walk(node) if isinstance(child, ast.arg)}
    stored = {
        child.id
        for child in ast.walk(node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
    }
    declared = {
        name for child in ast.walk(node) if isinstance(child, ast.Global) for name in child.names
    }
    return _mentioned(node) - (own | stored - declared)


def _tries_out(node: ast.stmt, names: set[str]) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if isinstance(node, ast.Assert):
        return True
    mentioned = _mentioned(node)
    if isinstance(node, ast.If) and "__name__" in mentioned:
        return True
    return bool(mentioned & (_TRIAL | names))
