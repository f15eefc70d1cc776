"""Which of several pieces of Python is the program, and which others it needs; rule 3.

A piece is a fenced block or a run of lines; only pieces that are valid Python come here.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from passk.domains.code.python_syntax import (
    bound_names,
    defines,
    does_something,
    free_names,
    has_no_effect,
    is_stub,
    parse,
)

_PRINTS = re.compile(r"\b(?:print|stdout|write)\b")
_READERS = frozenset({"input", "raw_input", "stdin", "fileinput"})
_TEXTS = frozenset({"StringIO", "BytesIO"})
_REPLACED = frozenset({"sys.stdin", "builtins.input"})  # what `mock.patch` is told to replace
_EARLIER = 32  # programs before the last of which it may be an excerpt
_DEFINES_ONLY = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom,
)  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A piece of Python.

    Attributes:
        text: of the piece.
        tree: of the text.
        closed: whether the response says where it ends.
    """

    text: str
    tree: ast.Module
    closed: bool

    @cached_property
    def bound(self) -> set[str]:
        """Names that it binds."""
        return bound_names(self.tree)

    @cached_property
    def free(self) -> set[str]:
        """Names that it reads and does not bind."""
        return free_names(self.text)

    @cached_property
    def runs(self) -> bool:
        """Whether it does more than define functions, classes and values."""
        return any(map(_runs, self.tree.body))

    @cached_property
    def reads(self) -> bool:
        """Whether it reads standard input, or a file."""
        return any(map(_reads, ast.walk(self.tree)))

    @cached_property
    def tests(self) -> bool:
        """Whether it runs another program, or puts a text in the place of standard input."""
        return any(map(_tests, ast.walk(self.tree)))

    @cached_property
    def lines(self) -> frozenset[str]:
        """Its lines, without blanks around them."""
        return frozenset(line.strip() for line in self.text.split("\n") if line.strip())


def _reads(node: ast.AST) -> bool:
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return name in _READERS or (
            name == "read" and getattr(getattr(node, "value", None), "id", "") == "os"
        )
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "open":
        return False
    modes = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "mode")]
    return not any(set(str(getattr(mode, "value", ""))) & set("wax") for mode in modes)


def _tests(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id == "subprocess"
    if isinstance(node, ast.ImportFrom):
        return node.module == "subprocess"
    if isinstance(node, ast.Call):
        return any(
            getattr(argument, "value", None) in _REPLACED
            for argument in node.args[:1]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        )
    if not isinstance(node, ast.Assign):
        return False
    replaced = any(getattr(target, "attr", "") == "stdin" for target in node.targets)
    return replaced and _is_text(node.value)


def _is_text(value: ast.expr) -> bool:
    """Whether a value is a file of a text that the program itself has."""
    parts = list(ast.walk(value))
    named = {getattr(part, "id", getattr(part, "attr", "")) for part in parts}
    return bool(named & _TEXTS) and not any(map(_reads, parts))


def _runs(node: ast.stmt) -> bool:
    if isinstance(node, _DEFINES_ONLY) or has_no_effect(node):
        return False
    return not isinstance(node, ast.Assign) or any(
        isinstance(part, ast.Call) for part in ast.walk(node.value)
    )


def choose_defining(pieces: Sequence[Piece], entry: str) -> Piece | None:
    """The last piece that defines what is called, but for stubs; with what it needs of others."""
    defining = [piece for piece in pieces if defines(piece.tree, entry)]
    full = [piece for piece in defining if not is_stub(piece.tree, entry)]
    if not defining:
        return None
    return join((full or defining)[-1], pieces)


def choose_program(pieces: Sequence[Piece]) -> Piece | None:
    """The program that reads and prints.

    A piece that reads a name which another one binds is no program of its own: it tries out what
    the other defines, or is a part of the program. Of programs, the last that reads input; where
    none does, the last that prints. Pieces that run a program on a text of their own are tests of
    it, and lines of an earlier program are an excerpt. Where there is none, the last piece that
    runs, with what it needs; else the last.
    """
    pieces = [piece for piece in pieces if does_something(piece.tree)]
    if not pieces:
        return None
    everything = set[str]().union(*(piece.bound for piece in pieces))
    running = [piece for piece in pieces if piece.runs]
    printing = [
        piece for piece in running if _PRINTS.search(piece.text) and not piece.free & everything
    ]
    reading = [piece for piece in printing if piece.reads and not piece.tests]
    if whole := reading or [piece for piece in printing if not piece.tests] or printing:
        return _without_excerpts(whole)
    joined = [join(piece, pieces) for piece in running]
    printing = [piece for piece in joined if _PRINTS.search(piece.text)]
    return next(iter([*printing[::-1], *joined[::-1], *pieces[::-1]]))


def _without_excerpts(programs: Sequence[Piece]) -> Piece:
    """The last program that is not all lines of an earlier one."""
    last = programs[-1]
    for earlier in reversed(programs[-_EARLIER:-1]):
        if last.lines < earlier.lines:
            last = earlier
    return last


def join(piece: Piece, pieces: Sequence[Piece]) -> Piece:
    """A piece behind those that bind what it needs, in their order.

    Of several that bind a name, the last before it counts, else the first behind it.
    """
    place = next(number for number, other in enumerate(pieces) if other is piece)
    needed: set[int] = {place}
    missing = set(piece.free)
    while missing:
        name = missing.pop()
        if any(name in pieces[number].bound for number in needed):
            continue
        order = [*range(place - 1, -1, -1), *range(place + 1, len(pieces))]
        if (source := next((at for at in order if name in pieces[at].bound), None)) is not None:
            needed.add(source)
            missing |= pieces[source].free
    if len(needed) == 1:
        return piece
    parts = [pieces[number].text for number in sorted(needed - {place})] + [piece.text]
    text = "\n\n".join(sorted(parts, key=_future, reverse=True))
    tree = parse(text)
    return piece if tree is None else Piece(text, tree, piece.closed)


def _future(text: str) -> bool:
    """Whether a part has to stand first."""
    return text.lstrip().startswith("from __future__")
