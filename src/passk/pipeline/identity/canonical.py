r"""A module of Python by what it means: comments, descriptions and annotations do not count.

`ast.dump` and `ast.unparse` print one file differently under different versions of Python, so the
syntax tree is printed here, in a form that holds what all of them agree on. Left out is what cannot
change what a stage writes:

- comments, docstrings, line breaks, the order of imports, imports that only annotations use;
- names of local variables (`local_names`), so that one may be renamed;
- annotations of functions and of their variables (in a class body they make fields, and count);
- fields of parameter schemas (`x: int = Field(...)`) and their validators: a stage's identity holds
  the resolved values of its parameters, which are all that these decide, and so of templates;
- descriptions of parameters and of commands' options;
- what a registry lists: each thing that an item uses is a component of its own.

Example:
    >>> canonical("x = 1  # one") == canonical("'''Numbers.'''\\nx: int = 1")
    True
    >>> canonical("x = 1") == canonical("x = 1.0")
    False
"""

import ast
from collections.abc import Iterator, Sequence

from passk.pipeline.identity.local_names import number_local_names

_DESCRIPTIVE = {"description", "help"}
_DESCRIBED = {"Field", "Option", "Argument"}  # of parameters and commands
_VALIDATORS = {"field_validator", "model_validator", "field_serializer", "model_serializer"}
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | (
    ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
)  # fmt: skip
# Fields of nodes that differ between versions of Python, or say how a text was written.
_IGNORED = {"ctx", "kind", "type_comment", "type_ignores", "lineno", "col_offset"}


def canonical(source: str) -> str:
    """The canonical text of a module.

    Raises:
        SyntaxError: the source is no Python.
    """
    tree = ast.parse(source)
    written = _names(tree)
    meaning = _Meaning().visit(tree)
    unused = written - _names(meaning)  # named by annotations and descriptions alone
    return "".join(_print(number_local_names(_Imports(unused).visit(meaning))))


def _names(tree: ast.AST) -> set[str]:
    """Names that a tree reads or writes, import statements aside."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _called(node: ast.AST) -> str:
    """The last name of what is called, or used as a decorator."""
    target = node.func if isinstance(node, ast.Call) else node
    if isinstance(target, ast.Subscript):
        target = target.value
    return getattr(target, "attr", getattr(target, "id", ""))


def _has_field(node: ast.AST | None) -> bool:
    """Whether a value or an annotation calls pydantic's `Field`."""
    return node is not None and any(
        isinstance(part, ast.Call) and _called(part) == "Field" for part in ast.walk(node)
    )


def _assigned(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names that a function gets or assigns itself, bare annotations aside."""
    names: set[str] = set()
    queue: list[ast.AST] = [function.args, *function.body]
    while queue:
        node = queue.pop()
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not (isinstance(node, _SCOPES) or _is_declaration(node)):
            queue += ast.iter_child_nodes(node)
    return names


def _is_declaration(node: ast.AST) -> bool:
    return isinstance(node, ast.AnnAssign) and node.value is None


class _Meaning(ast.NodeTransformer):
    """Leaves out what the module's docstring lists, imports aside."""

    def __init__(self) -> None:
        self._in_class = False  # directly: what its statements bind are its attributes
        self._assigned: set[str] | None = None  # in the function around; None outside of one

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """A text that stands alone is a docstring, or as good as a comment."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        """What stands under TYPE_CHECKING never runs."""
        if _called(node.test) == "TYPE_CHECKING":
            node.orelse = self._visit_each(node.orelse)
            return node.orelse
        return self.generic_visit(node)

    def _visit_each(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Statements by their meaning; one may become none or several."""
        result: list[ast.stmt] = []
        for part in body:
            visited = self.visit(part)
            result += visited if isinstance(visited, list) else [visited] if visited else []
        return result

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Fields with annotations stay as they are; fields of parameters and validators go."""
        outer = self._in_class, self._assigned
        self._in_class, self._assigned = True, None
        node.body = self._visit_each(node.body)
        self._in_class, self._assigned = outer
        node.decorator_list = [self.visit(part) for part in node.decorator_list]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """Outside of classes an annotation says nothing, but that a name is a function's own."""
        if self._in_class:
            has_field = _has_field(node.value) or _has_field(node.annotation)
            return None if has_field else node
        if node.value is not None:
            return ast.Assign(targets=[node.target], value=self.visit(node.value))
        if self._assigned is None or not isinstance(node.target, ast.Name) or not node.simple:
            return None
        if node.target.id in self._assigned:
            return None
        return ast.AnnAssign(node.target, ast.Constant(None), None, simple=1)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        """A function without its annotations; validators of parameters go."""
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST | None:
        """As other functions."""
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST | None:
        if any(_called(decorator) in _VALIDATORS for decorator in node.decorator_list):
            return None
        node.returns = None
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for argument in (*every, node.args.vararg, node.args.kwarg):
            if argument is not None:
                argument.annotation = None
        outer = self._in_class, self._assigned
        self._in_class, self._assigned = False, _assigned(node)
        self.generic_visit(node)
        self._in_class, self._assigned = outer
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A call without descriptions; what a registry lists goes, and so do casts of types."""
        name = _called(node)
        if name == "Registry" and len(node.args) > 2:
            node.args = node.args[:2]
        if name == "cast" and isinstance(node.func, ast.Name) and len(node.args) == 2:
            return self.visit(node.args[1])
        if name in _DESCRIBED:
            node.keywords = [word for word in node.keywords if word.arg not in _DESCRIPTIVE]
        return self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """Versions of Python cut the constant parts of a formatted text differently."""
        self.generic_visit(node)
        parts: list[ast.expr] = []
        for part in node.values:
            last = parts[-1] if parts else None
            if not isinstance(part, ast.Constant):
                parts.append(part)
            elif isinstance(last, ast.Constant):
                parts[-1] = ast.Constant(str(last.value) + str(part.value))
            elif part.value:
                parts.append(part)
        node.values = parts
        return node


class _Imports(ast.NodeTransformer):
    """Leaves out imports of unused names, and sorts those that follow each other.

    Args:
        unused: names that only annotations use.
    """

    def __init__(self, unused: set[str]) -> None:
        self._unused = unused

    def _keep(self, node: ast.Import | ast.ImportFrom) -> list[ast.alias]:
        used = [a for a in node.names if (a.asname or a.name.split(".")[0]) not in self._unused]
        if not _is_order_free([node]):
            return used
        return sorted(used, key=lambda alias: (alias.name, alias.asname or ""))

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        """An import without unused names."""
        node.names = self._keep(node)
        return node if node.names else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """An import without unused names."""
        node.names = self._keep(node)
        return node if node.names and node.module != "__future__" else None

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Sort runs of imports in every body."""
        super().generic_visit(node)
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and any(isinstance(v, ast.stmt) for v in value):
                setattr(node, name, _sorted(value))
        return node


def _is_order_free(imports: Sequence[ast.Import | ast.ImportFrom]) -> bool:
    """Whether no import binds a name that another one binds to something else: the last counts."""
    origins: dict[str, str] = {}
    for statement in imports:
        for alias in statement.names:
            name, origin = alias.asname or alias.name.partition(".")[0], alias.name
            if isinstance(statement, ast.ImportFrom):
                origin = f"{'.' * statement.level}{statement.module or ''}:{origin}"
            elif alias.asname is None:
                origin = name
            if name == "*" or origins.setdefault(name, origin) != origin:
                return False
    return True


def _sorted(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements, with imports that follow each other in the order of their text."""
    result: list[ast.stmt] = []
    run: list[ast.Import | ast.ImportFrom] = []
    for part in [*body, None]:
        if isinstance(part, ast.Import | ast.ImportFrom):
            run.append(part)
            continue
        if _is_order_free(run):
            run.sort(key=lambda statement: "".join(_print(statement)))
        result += run
        run = []
        if part is not None:
            result.append(part)
    return result


def _print(value: object) -> Iterator[str]:
    """A node as its type and its fields that hold something, by name."""
    if isinstance(value, ast.AST):
        yield f"{type(value).__name__}("
        for name, part in sorted(ast.iter_fields(value)):
            if name not in _IGNORED and (part not in (None, []) or isinstance(value, ast.Constant)):
                yield f"{name}="
                yield from _print(part)
                yield ","
        yield ")"
    elif isinstance(value, list):
        yield "["
        for part in value:
            yield from _print(part)
            yield ","
        yield "]"
    else:
        yield f"{type(value).__name__}:{value!a}"
