"""Statements that merely try a program out; see rule 5 of `passk.domains.code.extraction`."""

import ast

from passk.domains.code.python_syntax import bound_by, defines, parse

_TRIAL = frozenset({"print", "input"})
_ASSIGNS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


def without_trials(program: str, entry: str | None) -> str:
    """A program without statements that merely try out its entry point; see rule 5."""
    tree = parse(program) if entry is not None else None
    if tree is None or entry is None or not defines(tree, entry):
        return program
    owner, _, method = entry.rpartition(".")
    names = {owner or method, method}
    last = max(number for number, node in enumerate(tree.body) if names & bound_by(node))
    trials = [node for node in tree.body[last + 1 :] if _tries_out(node, names)]
    tried = set(map(id, trials))
    kept = [node for node in tree.body if id(node) not in tried]
    used = {name for node in kept for name in _read_by(node)}
    tables = {name for node in kept if isinstance(node, _ASSIGNS) for name in bound_by(node)}
    taken = {number for node in kept for number in _lines(node)}
    lines = program.split("\n")
    for node in trials:
        if bound_by(node) & used or _mentioned(node) & tables or taken & set(_lines(node)):
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
