"""What a text that may be Python is, and what it binds; nothing is run."""

import ast
import warnings

# Longest program that is parsed here, and longest text in which one without fences is looked for,
# in characters: far past what a model writes, and a bound on this process's work.
LONGEST = 1 << 18


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
    return {name for node in tree.body for name in bound_by(node)}


def bound_by(node: ast.stmt) -> set[str]:
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


def does_something(tree: ast.Module) -> bool:
    """Whether a module is more than prose that happens to parse (`Sure`, `x, y`, `"so"`)."""
    return any(
        not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call | ast.Await)
        for node in tree.body
    ) and not all(isinstance(node, ast.AnnAssign) and node.value is None for node in tree.body)
