"""Which values of a module its statements may change in place, also through functions they call.

Nothing is run, and what is in doubt counts as a change. A call of the entry point is none: what it
keeps of one call it would keep of the next.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from passk.domains.code.module_statements import (
    DEFINITION,
    IMPORT,
    ModuleStatement,
    declared_global,
    own_names,
    root_of,
)

_SILENT = frozenset({"print"})  # what is handed to these is neither changed nor called for more
# Functions that change no argument.
_PURE = frozenset(
    (
        *("abs", "all", "any", "bool", "dict", "enumerate", "float", "frozenset", "int", "len"),
        *("list", "map", "max", "min", "range", "repr", "reversed", "round", "set", "sorted"),
        *("str", "sum", "tuple", "type", "zip"),
    )
)
_STEPS = 1 << 20  # of following calls: far past what a model writes, and a bound on this work
# Methods whose result is a part of what they are of.
_PARTS = frozenset({"get", "setdefault", "values", "items"})


@dataclass
class _Effects:
    """What a piece of code changes, by name, and names of the module that it may call."""

    changes: set[str] = field(default_factory=set)
    mentions: set[str] = field(default_factory=set)


class ModuleChanges:
    """What statements of a module change.

    Args:
        statements: of the module.
        names: of the entry point: the function, or its class and method.
        method: name of the function or method that is called.
    """

    def __init__(self, statements: Sequence[ModuleStatement], names: set[str], method: str) -> None:
        self._names, self._method = names, method
        nodes = [statement.node for statement in statements]
        self._classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
        self._defined = {
            name
            for statement in statements
            if isinstance(statement.node, DEFINITION | IMPORT)
            for name in statement.binds
        }
        self._aliases: dict[str, str] = {}
        for node in nodes:
            if not isinstance(node, DEFINITION):
                self._aliases |= self._list_aliases(node)
        functions: dict[str, _Effects] = {}
        for node in nodes:
            if isinstance(node, DEFINITION) and node.name not in names:
                functions[node.name] = self._effects(node)
        self._by_function = _close(functions)

    def of(self, statement: ModuleStatement) -> set[str]:
        """Names of values that a statement may change; a definition changes none."""
        if isinstance(statement.node, DEFINITION | IMPORT | ast.Assert):
            return set()
        effects = self._effects(statement.node)
        changed = set(effects.changes)
        for name in effects.mentions & self._by_function.keys():
            changed |= self._by_function[name]
        return changed

    def _effects(self, node: ast.stmt) -> _Effects:
        definition = isinstance(node, DEFINITION)
        own = own_names(node) - declared_global(node) if definition else set()
        aliases = self._list_aliases(node) if definition else self._aliases
        effects = _Effects(declared_global(node) if definition else set())
        todo: list[ast.AST] = [node]
        while todo:
            part = todo.pop()
            if isinstance(part, ast.Assert) or (not definition and isinstance(part, DEFINITION)):
                continue
            if isinstance(part, ast.Call) and getattr(part.func, "id", "") in _SILENT:
                continue
            if isinstance(part, ast.Name):
                effects.mentions.add(part.id)
            effects.changes |= {_resolve(name, aliases) for name in self._changed_by(part, aliases)}
            todo += ast.iter_child_nodes(part)
        effects.changes -= own
        effects.mentions -= own
        return effects

    def _changed_by(self, part: ast.AST, aliases: dict[str, str]) -> Iterator[str]:
        """Names whose values one node may change: by methods, items, or as arguments."""
        if isinstance(part, ast.Call):
            if getattr(part.func, "id", "") not in _PURE:
                for argument in (*part.args, *(keyword.value for keyword in part.keywords)):
                    name = root_of(argument)
                    # Functions and instances that are handed on are called, not changed.
                    if name and not (
                        isinstance(argument, ast.Name) and _resolve(name, aliases) in self._defined
                    ):
                        yield name
            if isinstance(part.func, ast.Attribute):
                name = self._owner(part.func.value)
                entry = part.func.attr == self._method and name is not None
                if name and not (entry and _resolve(name, aliases) in self._names):
                    yield name
        if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            name = root_of(part)
            if name:
                yield name

    def _owner(self, node: ast.expr) -> str | None:
        """The name that a value is a part of, or the class that it is a new instance of."""
        while True:
            if isinstance(node, ast.Attribute | ast.Subscript):
                node = node.value
            elif isinstance(node, ast.Call) and (
                getattr(node.func, "attr", "") in _PARTS
                or getattr(node.func, "id", "") in self._classes
            ):
                node = node.func
            else:
                return node.id if isinstance(node, ast.Name) else None

    def _list_aliases(self, node: ast.stmt) -> dict[str, str]:
        """Other names, within a statement, of a value or its parts."""
        aliases: dict[str, str] = {}
        targets: list[ast.expr]
        value: ast.expr | None
        for part in ast.walk(node):
            if isinstance(part, ast.Assign):
                targets, value = part.targets, part.value
            elif isinstance(part, ast.For | ast.NamedExpr | ast.AnnAssign):
                targets = [part.target]
                value = part.iter if isinstance(part, ast.For) else part.value
            else:
                continue
            owner = None if value is None else self._owner(value)
            for target in targets:
                for name in ast.walk(target):
                    if owner and isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                        aliases[name.id] = owner
        return aliases


def _resolve(name: str, aliases: dict[str, str]) -> str:
    seen = {name}
    while (other := aliases.get(name)) is not None and other not in seen:
        seen.add(other)
        name = other
    return name


def _close(functions: dict[str, _Effects]) -> dict[str, set[str]]:
    """What each function changes, those included that it may call."""
    callers: dict[str, list[str]] = {}
    for name, effects in functions.items():
        for other in effects.mentions & functions.keys():
            callers.setdefault(other, []).append(name)
    changed: dict[str, set[str]] = {name: set() for name in functions}
    todo = [(name, change) for name, one in functions.items() for change in one.changes]
    for _ in range(_STEPS):
        if not todo:
            break
        name, change = todo.pop()
        if change not in changed[name]:
            changed[name].add(change)
            todo += [(caller, change) for caller in callers.get(name, ())]
    return changed
