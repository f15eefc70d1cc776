"""The statements of a module: what each binds and reads; nothing is run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from passk.domains.code.python_syntax import bound_by

FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
DEFINITION = FUNCTION | ast.ClassDef
IMPORT = ast.Import | ast.ImportFrom
# Attributes of `sys` and `os` that count as the name `exit`.
_ENDINGS = frozenset({"stdin", "exit", "_exit"})


@dataclass(frozen=True)
class ModuleStatement:
    """A statement of a module.

    Attributes:
        node: itself.
        binds: names that it binds.
        reads: names of the module that it reads, in its functions too.
    """

    node: ast.stmt
    binds: frozenset[str]
    reads: frozenset[str]


def describe(node: ast.stmt) -> ModuleStatement:
    """What a statement binds and reads."""
    # A value stored in an attribute or under a key of a name changes what the name holds.
    stored = {root_of(target) for target in _targets(node)} - {None}
    binds = bound_by(node) | {str(name) for name in stored}
    return ModuleStatement(node, frozenset(binds), frozenset(_read_by(node)))


def _targets(node: ast.stmt) -> list[ast.expr]:
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        return []
    return [target for target in targets if isinstance(target, ast.Attribute | ast.Subscript)]


def root_of(node: ast.expr) -> str | None:
    """The name that an attribute or item is of."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _read_by(node: ast.stmt) -> Iterator[str]:
    """Names of the module that a statement reads; those that a function binds itself are not."""
    mentioned = set()
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            mentioned.add(child.id)
        elif isinstance(child, ast.Attribute) and child.attr in _ENDINGS:
            mentioned |= {"exit"} if root_of(child) in ("sys", "os") else set()
    if not isinstance(node, FUNCTION):
        yield from mentioned
        return
    declared = declared_global(node)
    yield from mentioned - (own_names(node) - declared)
    yield from declared


def own_names(node: ast.AST) -> set[str]:
    """Names that a function, and those within it, bind."""
    own = {child.arg for child in ast.walk(node) if isinstance(child, ast.arg)}
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            own.add(child.id)
        elif isinstance(child, DEFINITION) and child is not node:
            own.add(child.name)
    return own


def declared_global(node: ast.AST) -> set[str]:
    """Names that functions within a statement declare as the module's."""
    return {
        name for child in ast.walk(node) if isinstance(child, ast.Global) for name in child.names
    }


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
