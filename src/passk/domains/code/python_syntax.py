"""What a text that may be Python is, and what it binds and reads; nothing is run.

Texts are untrusted, and Python's parser takes time in the square of some of them (26 s for one
import of 130,000 dotted names): such texts are told beforehand, in linear time, and not parsed.
"""

import ast
import builtins
import re
import symtable
import unicodedata
import warnings

# Longest program that is parsed here, and longest text in which one without fences is looked for,
# in characters: far past what a model writes, and a bound on this process's work.
LONGEST = 1 << 18
# Dots on a line that imports; fields of formatted strings, times characters; and combining marks
# in a row: the parser's time is in the square of each.
_DOTS, _FIELDS, _MARKS = 300, 1 << 30, 64
_FORMATTED = re.compile(r"(?:\b|r)f[\"']|\bfr[\"']", re.IGNORECASE)
_NOT_ASCII = re.compile(rf"[^\x00-\x7f]{{{_MARKS},}}")
_LOGICAL_LINE = re.compile(r"(?:[^\\\r\n]|\\(?:\r\n|.|\Z))+", re.DOTALL)
_DIGITS = re.compile(r"[0-9][0-9_]*")
_BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__", "__builtins__"}
_STUB_ERROR = "NotImplementedError"
_DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def is_parseable(text: str) -> bool:
    """Whether Python's parser reads, or refuses, a text in time in proportion to its length."""
    if len(text) > LONGEST:
        return False
    if _FORMATTED.search(text) and text.count("{") * len(text) > _FIELDS:
        return False
    if text.count(".") > _DOTS and any(map(_is_long_import, _LOGICAL_LINE.findall(text))):
        return False
    return text.isascii() or not any(map(_has_many_marks, _NOT_ASCII.findall(text)))


def without_long_imports(text: str) -> str:
    """A text with blank lines in place of those that no parser should see, as prose has them."""
    if text.count(".") <= _DOTS:
        return text
    return _LOGICAL_LINE.sub(
        lambda line: "\n" * line[0].count("\n") if _is_long_import(line[0]) else line[0], text
    )


def _is_long_import(line: str) -> bool:
    return line.count(".") > _DOTS and ("import" in line or "from" in line)


def _has_many_marks(text: str) -> bool:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run >= _MARKS:
            return True
    return False


def parse_strictly(program: str) -> ast.Module:
    """The syntax tree of a text that is parseable.

    Numbers of more digits than this interpreter reads stand in it as ones.

    Raises:
        SyntaxError: it is no Python.
        ValueError, RecursionError, MemoryError: neither.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes, to standard error
        try:
            return ast.parse(program)
        except SyntaxError as error:
            if "Exceeds the limit" not in str(error.msg):
                raise
            return ast.parse(_DIGITS.sub(lambda match: match[0][:4000], program))


def parse(program: str) -> ast.Module | None:
    """The syntax tree; None where it has an error, or would take long to parse."""
    if not is_parseable(program):
        return None
    try:
        return parse_strictly(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def defines(tree: ast.Module, entry: str) -> bool:
    """Whether a module defines what is called.

    For a class's method: the class or a bare function; for a function: also a method of
    `class Solution`.
    """
    owner, _, method = entry.rpartition(".")
    return bool({method, owner} & bound_names(tree)) or (not owner and has_solution(tree, method))


def has_solution(tree: ast.Module, method: str) -> bool:
    """Whether a module has `class Solution` with a method."""
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return any(
        isinstance(part, ast.FunctionDef) and part.name == method
        for node in classes
        if node.name == "Solution"
        for part in node.body
    )


def is_stub(tree: ast.Module, entry: str) -> bool:
    """Whether what is called is defined, last, by a head without a body, as in starter code."""
    owner, _, method = entry.rpartition(".")
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == method:
            return has_no_body(node)
        if isinstance(node, ast.ClassDef) and node.name == (owner or "Solution"):
            methods = [part for part in node.body if getattr(part, "name", None) == method]
            return all(map(has_no_body, methods)) and all(map(_does_nothing, node.body))
    return False


def has_no_body(node: ast.stmt) -> bool:
    """Whether a definition does nothing: `pass`, `...`, a docstring, NotImplementedError."""
    return isinstance(node, _DEFINITION) and all(map(_does_nothing, node.body))


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise) and node.exc is not None:
        return any(
            isinstance(part, ast.Name) and part.id == _STUB_ERROR for part in ast.walk(node.exc)
        )
    if isinstance(node, _DEFINITION):
        return has_no_body(node)
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def bound_names(tree: ast.Module) -> set[str]:
    """Names that a module binds."""
    return {name for node in tree.body for name in bound_by(node)}


def bound_by(node: ast.stmt) -> set[str]:
    """Names that a statement binds in the module."""
    if isinstance(node, _DEFINITION):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    bound = set()
    for child in ast.walk(node):
        if isinstance(child, _DEFINITION):
            bound.add(child.name)
        elif isinstance(child, ast.Import | ast.ImportFrom):
            bound |= bound_by(child)
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            bound.add(child.id)
    return bound


def free_names(program: str) -> set[str]:
    """Names that a valid module reads, itself or in its functions, and neither binds nor has."""
    try:
        module = symtable.symtable(program, "<program>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    read: set[str] = set()
    bound: set[str] = set(_BUILTINS)
    tables = [module]
    while tables:
        table = tables.pop()
        for symbol in table.get_symbols():
            if table is not module and not symbol.is_global():
                continue
            if symbol.is_assigned() or symbol.is_imported():
                bound.add(symbol.get_name())
            if symbol.is_referenced():
                read.add(symbol.get_name())
        tables += table.get_children()
    return read - bound


def does_something(tree: ast.Module) -> bool:
    """Whether a module is more than prose that happens to parse (`Sure`, `x, y`, `"so"`)."""
    return any(
        not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call | ast.Await)
        for node in tree.body
    ) and not all(isinstance(node, ast.AnnAssign) and node.value is None for node in tree.body)


def is_bare_word(node: ast.stmt) -> bool:
    """Whether a statement is prose that happens to parse: no effect, and no text in quotes."""
    value = node.value if isinstance(node, ast.Expr) else None
    quoted = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return has_no_effect(node) and not quoted


def has_no_effect(node: ast.stmt) -> bool:
    """Whether a statement is an expression that calls nothing, or a bare annotation.

    Such are words of prose around code: `Solution`, `[DONE]`, `Output: 4`. As code they do
    nothing, or fail.
    """
    if isinstance(node, ast.AnnAssign):
        return node.value is None
    acts = ast.Call | ast.Await | ast.NamedExpr | ast.Yield | ast.YieldFrom
    return isinstance(node, ast.Expr) and not any(
        isinstance(part, acts) for part in ast.walk(node.value)
    )
