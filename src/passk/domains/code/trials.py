"""Statements that merely try a program out; see rule 5 of `passk.domains.code.extraction`."""

import ast
import sys

from passk.domains.code.module_changes import ModuleChanges
from passk.domains.code.module_statements import (
    DEFINITION,
    IMPORT,
    ModuleStatement,
    describe,
    erase_statements,
)
from passk.domains.code.python_syntax import (
    bound_by,
    defines,
    has_no_body,
    has_solution,
    is_bare_word,
    parse,
)

# What a statement mentions that talks to somebody, ends the process, or runs tests.
_TRIAL = frozenset(
    (
        *("print", "input", "raw_input", "open", "exit", "quit", "SystemExit", "__name__"),
        *("doctest", "unittest", "pytest", "timeit"),
    )
)
# What a statement mentions that waits for somebody, ends the process, or runs tests: without it
# the module is whole, whatever else the statement changes.
_NEVER_NEEDED = _TRIAL - {"print", "open"}
_ROUNDS = 8  # statements that change values which statements that change values read, and so on


def without_trials(program: str, entry: str | None) -> str:
    """A program without statements that merely try out its entry point; see rule 5."""
    tree = parse(program) if entry is not None else None
    if tree is None or entry is None or not defines(tree, entry):
        return program
    owner, _, method = entry.rpartition(".")
    names = {owner or method, method}
    if not owner and method not in {name for node in tree.body for name in bound_by(node)}:
        names = {"Solution"} if has_solution(tree, method) else names
    statements = [describe(node) for node in tree.body]
    return erase_statements(program, tree, _find_trials(statements, names, method))


def _find_trials(statements: list[ModuleStatement], names: set[str], method: str) -> set[int]:
    """Positions of statements that can go."""
    repeated = _repeated_stubs(statements, names)
    reached = _reach(statements, names, repeated)
    demos = _find_demos(statements, names, reached)
    reached |= _find_changing(statements, names, method, reached, repeated)
    dropped = set(repeated)
    for number, statement in enumerate(statements):
        if number in reached or number in dropped:
            continue
        if _tries_out(statement, names | demos) or _is_foreign(statement.node):
            dropped.add(number)
    return _with_dependents(statements, dropped, reached)


def _find_changing(
    statements: list[ModuleStatement],
    names: set[str],
    method: str,
    reached: set[int],
    without: set[int],
) -> set[int]:
    """Positions of statements that change what the solution reads, with what they need."""
    module = ModuleChanges(statements, names, method)
    fixed = _constants(statements) | _imported(statements)
    tests = _find_tests(statements, names, reached)
    changes = {
        number: changed
        for number, statement in enumerate(statements)
        if number not in reached and number not in tests and (changed := module.of(statement))
    }
    every = set(reached)
    for _ in range(_ROUNDS):
        used = {name for number in every for name in statements[number].reads} | names
        new = {number for number, changed in changes.items() if changed & (used - fixed)} - every
        if not new:
            break
        needed = {
            name for number in new for name in statements[number].reads - statements[number].binds
        }
        every |= new | (_reach(statements, needed, without) - tests)
    return every - without


def _find_tests(statements: list[ModuleStatement], names: set[str], reached: set[int]) -> set[int]:
    """Positions of statements that read input, end the process or run tests, or need such ones."""
    readers: dict[str, list[int]] = {}
    for number, statement in enumerate(statements):
        if number not in reached:
            for name in statement.reads - statement.binds:
                readers.setdefault(name, []).append(number)
    tests: set[int] = set()
    todo = [number for name in _NEVER_NEEDED for number in readers.get(name, ())]
    todo += [
        number
        for name in names
        for number in readers.get(name, ())
        if isinstance(statements[number].node, DEFINITION)
        and any(isinstance(part, ast.Assert) for part in ast.walk(statements[number].node))
    ]
    while todo:
        number = todo.pop()
        if number not in tests:
            tests.add(number)
            todo += [at for name in statements[number].binds for at in readers.get(name, ())]
    return tests


def _repeated_stubs(statements: list[ModuleStatement], names: set[str]) -> set[int]:
    """Heads without bodies of what is defined before."""
    defined: set[str] = set()
    stubs = set()
    for number, statement in enumerate(statements):
        if isinstance(statement.node, DEFINITION) and statement.node.name in names:
            if not has_no_body(statement.node):
                defined.add(statement.node.name)
            elif statement.node.name in defined:
                stubs.add(number)
    return stubs


def _reach(statements: list[ModuleStatement], names: set[str], without: set[int]) -> set[int]:
    """Positions of statements that bind what is called, and what that reads, and so on."""
    binders: dict[str, list[int]] = {}
    for number, statement in enumerate(statements):
        if number not in without:
            for name in statement.binds:
                binders.setdefault(name, []).append(number)
    reached: set[int] = set()
    seen: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for number in binders.get(name, ()):
            if number not in reached:
                reached.add(number)
                todo += statements[number].reads
    return reached


def _constants(statements: list[ModuleStatement]) -> set[str]:
    """Names that are bound to numbers and texts alone, which nothing changes in place."""
    constant: set[str] = set()
    other: set[str] = set()
    for statement in statements:
        node = statement.node
        literal = isinstance(node, ast.Assign) and all(
            isinstance(part, ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop)
            for part in ast.walk(node.value)
        )
        (constant if literal else other).update(statement.binds)
    return constant - other


def _imported(statements: list[ModuleStatement]) -> set[str]:
    """Names of modules and of what is imported from them."""
    return {
        name
        for statement in statements
        if isinstance(statement.node, IMPORT)
        for name in statement.binds
    }


def _find_demos(statements: list[ModuleStatement], names: set[str], reached: set[int]) -> set[str]:
    """Names of functions and classes, besides the solution's own, that try something out."""
    definitions = [
        statement
        for number, statement in enumerate(statements)
        if number not in reached and isinstance(statement.node, DEFINITION)
    ]
    callers: dict[str, list[ModuleStatement]] = {}
    for statement in definitions:
        for name in statement.reads:
            callers.setdefault(name, []).append(statement)
    demos: set[str] = set()
    todo = [*_TRIAL, *names]
    while todo:
        for statement in callers.get(todo.pop(), ()):
            new = statement.binds - demos
            demos |= new
            todo += new
    return demos


def _tries_out(statement: ModuleStatement, names: set[str]) -> bool:
    if isinstance(statement.node, DEFINITION | IMPORT):
        return False
    if isinstance(statement.node, ast.Assert | ast.Raise) or is_bare_word(statement.node):
        return True
    return bool(statement.reads & (_TRIAL | names))


def _is_foreign(node: ast.stmt) -> bool:
    """Whether a statement imports from outside of the standard library."""
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.names[0].name != "*":
        modules = [node.module or ""]
    else:
        return False
    return any(name.partition(".")[0] not in sys.stdlib_module_names for name in modules)


def _with_dependents(
    statements: list[ModuleStatement], dropped: set[int], reached: set[int]
) -> set[int]:
    """And those that read what only statements that go bind."""
    readers: dict[str, list[int]] = {}
    binders: dict[str, set[int]] = {}
    for number, statement in enumerate(statements):
        for name in statement.reads:
            readers.setdefault(name, []).append(number)
        for name in statement.binds:
            binders.setdefault(name, set()).add(number)
    todo = list(dropped)
    while todo:
        for name in statements[todo.pop()].binds:
            binders[name] -= dropped
            if binders[name]:
                continue
            for number in readers.get(name, ()):
                if number not in reached and number not in dropped:
                    dropped.add(number)
                    todo.append(number)
    return dropped
