"""The statements of a module: what each binds, reads and changes; nothing is run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from passk.domains.code.python_syntax import bound_by

FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
DEFINITION = FUNCTION | ast.ClassDef
IMPORT = ast.Import | ast.ImportFrom
_SILENT = frozenset({"print"})  # what is handed to these is not changed by them
_ENDINGS = frozenset({"stdin", "exit", "_exit"})  # attributes that count as the name `exit`


@dataclass(frozen=True)
class ModuleStatement:
    """A statement of a module.

    Attributes:
        node: itself.
        binds: names that it binds.
        reads: names of the module that it reads, in its functions too.
        changes: names of values that it may change in place.
    """

    node: ast.stmt
    binds: frozenset[str]
    reads: frozenset[str]
    changes: frozenset[str]


def describe(node: ast.stmt) -> ModuleStatement:
    """What a statement binds, reads and changes."""
    reads, changes = set(_read_by(node)), set()
    if not isinstance(node, DEFINITION | IMPORT | ast.Assert):
        changes = set(_changed_by(node))
    # A value stored in an attribute or under a key of a name changes what the name holds.
    stored = {_root(target) for target in _targets(node)} - {None}
    binds = bound_by(node) | {str(name) for name in stored}
    return ModuleStatement(node, frozenset(binds), frozenset(reads), frozenset(changes))


def _targets(node: ast.stmt) -> list[ast.expr]:
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        return []
    return [target for target in targets if isinstance(target, ast.Attribute | ast.Subscript)]


def _root(node: ast.expr) -> str | None:
    """The name that an attribute or item is of."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _changed_by(node: ast.stmt) -> Iterator[str]:
    """Names whose values a statement may change: by methods, items, or as arguments."""
    todo: list[ast.AST] = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, ast.Assert | DEFINITION):
            continue
        if isinstance(part, ast.Call):
            if isinstance(part.func, ast.Name) and part.func.id in _SILENT:
                continue
            named = [argument.id for argument in part.args if isinstance(argument, ast.Name)]
            owner = _root(part.func) if isinstance(part.func, ast.Attribute) else None
            yield from [*named, *([owner] if owner else [])]
        if isinstance(part, ast.Attribute | ast.Subscript):
            root = None if isinstance(part.ctx, ast.Load) else _root(part)
            yield from [root] if root else []
        todo += ast.iter_child_nodes(part)


def _read_by(node: ast.stmt) -> Iterator[str]:
    """Names of the module that a statement reads; those that a function binds itself are not."""
    mentioned = set()
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            mentioned.add(child.id)
        elif isinstance(child, ast.Attribute) and child.attr in _ENDINGS:
            mentioned.add("exit")
    if not isinstance(node, FUNCTION):
        yield from mentioned
        return
    own = {child.arg for child in ast.walk(node) if isinstance(child, ast.arg)}
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            own.add(child.id)
        elif isinstance(child, DEFINITION) and child is not node:
            own.add(child.name)
    declared = {
        name for child in ast.walk(node) if isinstance(child, ast.Global) for name in child.names
    }
    yield from mentioned - (own - declared)
    yield from declared


def erase_statements(program: str, tree: ast.Module, dropped: set[int]) -> str:
    """A program without the statements at some positions; what shares a line with others stays."""
    if not dropped:
        return program
    taken = {
        line
        for number, node in enumerate(tree.body)
        if number not in dropped
        for line in _lines(node)
    }
    lines = program.split("\n")
    for number in dropped:
        span = _lines(tree.body[number])
        if taken.isdisjoint(span):
            for line in span:
                lines[line] = ""
    return "\n".join(lines).strip("\n").rstrip()


def _lines(node: ast.stmt) -> range:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(part.lineno for part in decorators)])
    return range(first - 1, node.end_lineno or node.lineno)
