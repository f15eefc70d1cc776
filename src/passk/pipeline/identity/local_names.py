"""Names that only one function knows: how they are called means nothing.

The local variables of a function, of those within it, and of comprehensions get numbers, in the
order in which the tree has them, so that texts which differ in these names alone become one tree.
A variable has one number wherever it is seen, and no other variable of the same function has it;
numbers are no names of Python. So two texts become one tree only where a renaming turns one into
the other.

Names that something else can see stay: parameters (callers may name them), what `def`, `class`,
`import`, `global` and parameters of types bind, what holds two underscores (classes mangle it). So
do all names of a function that can look at its variables by name (`locals`, `exec`, a query of
DuckDB, which reads them out of the frame, a text that has `from NAME` or `@NAME`), or that defines
a class. Not covered: the text of an UnboundLocalError, and code of another package that searches
the frames of its callers.

Scopes are found here: `symtable` has none for comprehensions since Python 3.12.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_ROOTS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | _Comprehension

# Names and attributes by which code looks at local variables.
_LOOKING = {
    "locals", "vars", "dir", "eval", "exec", "f_locals", "_getframe", "currentframe",
    "getclosurevars", "getargvalues", "__code__",
}  # fmt: skip
_LOOKING_ATTRIBUTES = (_LOOKING - {"eval"}) | {  # of models of torch; of tables: see the modules
    "sql", "query", "execute", "executemany", "from_query", "SQLContext",
}  # fmt: skip
# A text may name a variable: of a table in a query, or of a value in an expression of pandas.
_NAMED = re.compile(r"(?:\b(?:from|join)\s{1,9}\"?|(?<!\w)@)([^\W\d]\w{0,99})", re.IGNORECASE)
# Modules that look at the variables of whoever calls them.
_LOOKING_MODULES = {"builtins", "duckdb", "numexpr", "pandas", "patsy"}

_OWN = __name__.partition(".")[0]


def number_local_names(tree: ast.AST) -> ast.AST:
    r"""The tree, changed in place: local variables have numbers.

    Args:
        tree: of a module.

    Example:
        >>> ast.unparse(number_local_names(ast.parse("def f(x): y = x; return y")))
        'def f(x):\n    :0 = x\n    return :0'
    """
    if not _looks_from_outside(tree):
        for child in ast.iter_child_nodes(tree):
            _number_within(child)
    return tree


def _number_within(node: ast.AST) -> None:
    """Number each outermost function or comprehension in a part of a module or class."""
    if isinstance(node, _ROOTS):
        if not _is_seen(node):
            _rename(node, _Scope(None))
    else:
        for child in ast.iter_child_nodes(node):
            _number_within(child)


def _looks_from_outside(tree: ast.AST) -> bool:
    """Whether functions of a module might be looked into, though they do not say so themselves."""
    looking = _LOOKING_MODULES | _LOOKING | _LOOKING_ATTRIBUTES
    return any(name in looking for name in _imported(tree)) or any(
        isinstance(node, ast.Name) and node.id in _LOOKING for node in _outside(tree)
    )


def _imported(tree: ast.AST) -> Iterator[str]:
    """Packages and names that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = (node.module or "").partition(".")[0]
            names = {alias.name for alias in node.names}
            # what this project calls so is its own, and looks at nothing
            yield from names - (_LOOKING_ATTRIBUTES - _LOOKING) if package == _OWN else names
            yield package


def _outside(node: ast.AST) -> Iterator[ast.AST]:
    """What does not lie in a function."""
    yield node
    if not isinstance(node, _ROOTS):
        for child in ast.iter_child_nodes(node):
            yield from _outside(child)


def _is_seen(function: ast.AST) -> bool:
    """Whether local variables of a function can be seen by their names, or a class is in it."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    for node in ast.walk(function):
        match node:
            case ast.ClassDef() | ast.Call(func=ast.Attribute(attr="table")):  # of DuckDB
                return True
            case ast.Name(id=name) if name in _LOOKING:
                return True
            case ast.Attribute(attr=name) if name in _LOOKING_ATTRIBUTES:
                return True
            case ast.Constant(value=str(text)) if _is_looking(text, names):
                return True
        # since Python 3.12: `def f[T]` and `type T = ...`
        if getattr(node, "type_params", None) or type(node).__name__ == "TypeAlias":
            return True
    return False


def _is_looking(text: str, names: set[str]) -> bool:
    """Whether a text is what code looks at variables by, or has one of the names as a query has."""
    return text in _LOOKING | _LOOKING_ATTRIBUTES or not names.isdisjoint(_NAMED.findall(text))


@dataclass
class _Bindings:
    """What a function binds.

    Attributes:
        variables: by assignment, loop, `with`, `except`, `match`, `del` or a walrus.
        kept: in ways that others can see.
        global_names, outer_names: what it declares `global` and `nonlocal`.
    """

    variables: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    global_names: set[str] = field(default_factory=set)
    outer_names: set[str] = field(default_factory=set)

    def add(self, nodes: Iterable[ast.AST | None], *, comprehension: bool = False) -> None:
        """Find what statements and expressions bind in the function that they stand in.

        Args:
            nodes: the parts; functions within them bind their own.
            comprehension: whether they stand in one, which binds all but walruses itself.
        """
        for node in nodes:
            if node is not None:
                self._add(node, comprehension)

    def _add(self, node: ast.AST, comprehension: bool) -> None:
        inner: Iterable[ast.AST | None] = ast.iter_child_nodes(node)
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if not comprehension:
                self.variables.add(name)
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self.variables.add(name)
                inner = [value]
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.kept.add(name)
                inner = _evaluated_outside(node)
            case ast.Lambda():
                inner = _evaluated_outside(node)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                self.kept |= {alias.asname or alias.name.partition(".")[0] for alias in aliases}
            case ast.ExceptHandler(name=str(name)) | ast.MatchStar(name=str(name)):
                self.variables.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchMapping(rest=str(name)):
                self.variables.add(name)
            case ast.Global(names=names):
                self.global_names |= set(names)
            case ast.Nonlocal(names=names):
                self.outer_names |= set(names)
        in_one = comprehension or isinstance(node, _Comprehension)
        self.add(inner, comprehension=in_one)


def _evaluated_outside(node: _Function | ast.Lambda) -> list[ast.AST | None]:
    """The parts of a function that run where it is defined."""
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return [*decorators, *node.args.defaults, *node.args.kw_defaults]


def _parameters(node: _Function | ast.Lambda) -> set[str]:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return {a.arg for a in (*every, arguments.vararg, arguments.kwarg) if a is not None}


class _Scope:
    """The names of a function or comprehension, and around it those of the ones it stands in.

    Args:
        around: the scope that it stands in; None for what is not in a function.
        bindings: its own.
    """

    def __init__(self, around: "_Scope | None", bindings: _Bindings | None = None) -> None:
        self._around = around
        self._own = bindings or _Bindings()
        self._numbers: dict[str, int] = {}
        # one count for all that stands in an outermost function
        self._count: list[str] = [] if around is None else around._count

    def name(self, name: str) -> str:
        """What a name is called in the tree: itself, or the number of a variable."""
        own = self._own
        if self._around is None or name in own.global_names or "__" in name:
            return name
        if name not in own.outer_names:
            if name in own.kept:
                return name
            if name in own.variables:
                if name not in self._numbers:
                    self._numbers[name] = len(self._count)
                    self._count.append(name)
                return f":{self._numbers[name]}"
        return self._around.name(name)


def _rename(node: ast.AST, scope: _Scope) -> None:
    """Number the variables in a part of a tree that stands in a scope."""
    if isinstance(node, _Function | ast.Lambda):
        for part in _evaluated_outside(node):
            if part is not None:
                _rename(part, scope)
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        bindings = _Bindings(kept=_parameters(node))
        bindings.add(body)
        _rename_each(body, _Scope(scope, bindings))
    elif isinstance(node, _Comprehension):
        _rename_comprehension(node, scope)
    else:
        _rename_own(node, scope)
        _rename_each(ast.iter_child_nodes(node), scope)


def _rename_own(node: ast.AST, scope: _Scope) -> None:
    """Number the names that a node itself holds."""
    match node:
        case ast.Name(id=name):
            node.id = scope.name(name)
        case ast.ExceptHandler(name=str(name)):
            node.name = scope.name(name)
        case ast.MatchAs(name=str(name)):
            node.name = scope.name(name)
        case ast.MatchStar(name=str(name)):
            node.name = scope.name(name)
        case ast.MatchMapping(rest=str(name)):
            node.rest = scope.name(name)
        case ast.Nonlocal(names=names):
            node.names = [scope.name(name) for name in names]


def _rename_each(nodes: Iterable[ast.AST], scope: _Scope) -> None:
    for node in nodes:
        _rename(node, scope)


def _rename_comprehension(node: _Comprehension, scope: _Scope) -> None:
    """A comprehension's first collection stands outside of it, all else within."""
    bindings = _Bindings()
    bindings.add(generator.target for generator in node.generators)
    inner = _Scope(scope, bindings)
    for i, generator in enumerate(node.generators):
        _rename(generator.iter, inner if i else scope)
        _rename_each([generator.target, *generator.ifs], inner)
    results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    _rename_each(results, inner)
