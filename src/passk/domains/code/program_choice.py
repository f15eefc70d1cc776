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

_READS = re.compile(r"\b(?:input|raw_input|stdin|fileinput|open)\b|\bos\.read\b")
_PRINTS = re.compile(r"\b(?:print|stdout|write)\b")
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
    none does, the last that prints. Where there is none, the last piece that runs, with what it
    needs; else the last.
    """
    pieces = [piece for piece in pieces if does_something(piece.tree)]
    if not pieces:
        return None
    everything = set[str]().union(*(piece.bound for piece in pieces))
    running = [piece for piece in pieces if piece.runs]
    printing = [
        piece for piece in running if _PRINTS.search(piece.text) and not piece.free & everything
    ]
    reading = [piece for piece in printing if _READS.search(piece.text)]
    if whole := reading or printing:
        return whole[-1]
    joined = [join(piece, pieces) for piece in running]
    printing = [piece for piece in joined if _PRINTS.search(piece.text)]
    return next(iter([*printing[::-1], *joined[::-1], *pieces[::-1]]))


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
