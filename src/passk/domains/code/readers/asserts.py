r"""Tests that are written as a script of assertions, as inputs and expected values.

HumanEval and LeetCodeDataset publish `def check(candidate):` with assertions. A script cannot be
run: it would stand beside the program that it tests, answers and all. Most are of forms that say
plainly what is called with what, and what must come out; they are read, never run:

    assert candidate(1, 2) == 3            assert candidate("x") is None
    assert candidate(1)                    assert not candidate(2)
    assert abs(candidate(1) - 0.5) < 1e-6
    assert is_same_tree(candidate(root = tree_node([1])), tree_node([2]))   (trees, linked lists)

Not covered, so that `read` gives None: loops, random inputs, any other call, sums of anything but
numbers. Truth (`assert candidate(1)`) is read as True itself. A problem keeps all its assertions
or has no tests.

Example:
    >>> read("def check(candidate):\n    assert candidate(2, b=3) == 5\n", ("a", "b")).cases
    [([2, 3], 5)]
"""

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

_BUILDERS = ("tree_node", "list_node")  # made of lists by LeetCodeDataset's prompt
_SAME = {"is_same_tree": "tree_node", "is_same_list": "list_node"}
_OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


class _FormError(Exception):
    """An assertion that is not of the forms above."""


@dataclass
class Script:
    """What a script asserts.

    Attributes:
        cases: arguments in order, and the expected value.
        built: position of an argument -> the builder that makes it of a list.
        returned: the builder that makes the expected value of a list; None: none does.
        atol: absolute tolerance; None: values are equal.
    """

    cases: list[tuple[list[Any], Any]] = field(default_factory=list)
    built: dict[int, str] = field(default_factory=dict)
    returned: str | None = None
    atol: float | None = None


def read(script: str, parameters: Sequence[str] = ()) -> Script | None:
    """What the function `check` of a script asserts; None where a part is of no known form.

    Args:
        script: Python with `def check(candidate)`.
        parameters: names of the candidate's parameters, where arguments go by name.
    """
    try:
        functions = {
            node.name: node for node in ast.parse(script).body if isinstance(node, ast.FunctionDef)
        }
        assertions = Script()
        for statement in functions["check"].body:
            if isinstance(statement, ast.Assert):
                _assertion(statement.test, parameters, assertions)
            elif not isinstance(statement, ast.Expr | ast.Pass) or not isinstance(
                getattr(statement, "value", ast.Constant(None)), ast.Constant
            ):
                return None
    except (SyntaxError, KeyError, RecursionError, MemoryError, ValueError, _FormError):
        return None
    return assertions if assertions.cases else None


def _assertion(test: ast.expr, parameters: Sequence[str], script: Script) -> None:
    """Add one assertion to what was found; a constant asserts nothing."""
    match test:
        case ast.Constant():
            return
        case ast.Compare(left=ast.Call() as call, ops=[ast.Eq() | ast.Is()], comparators=[wanted]):
            if not _calls(call, "candidate"):
                raise _FormError
            script.cases.append((_arguments(call, parameters, script), _value(wanted)))
        case ast.Call(func=ast.Name(id=same), args=[ast.Call() as call, wanted]) if same in _SAME:
            returned = _SAME[same]
            if script.returned not in {None, returned} or not _calls(call, "candidate"):
                raise _FormError
            if script.cases and script.returned is None:
                raise _FormError  # some compare as such, some not
            script.returned = returned
            if _calls(wanted, returned):
                wanted = wanted.args[0]  # type: ignore[attr-defined]
            script.cases.append((_arguments(call, parameters, script), _value(wanted)))
        case ast.Compare(
            left=ast.Call(
                func=ast.Name(id="abs"),
                args=[ast.BinOp(left=ast.Call() as call, op=ast.Sub(), right=wanted)],
            ),
            ops=[ast.Lt() | ast.LtE()],
            comparators=[bound],
        ) if _calls(call, "candidate"):
            tolerance = float(_value(bound))
            if script.atol not in {None, tolerance}:
                raise _FormError
            script.atol = tolerance
            script.cases.append((_arguments(call, parameters, script), float(_value(wanted))))
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call) if _calls(call, "candidate"):
            script.cases.append((_arguments(call, parameters, script), False))
        case ast.Call() if _calls(test, "candidate"):
            script.cases.append((_arguments(test, parameters, script), True))
        case _:
            raise _FormError


def _calls(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _arguments(call: ast.Call, parameters: Sequence[str], script: Script) -> list[Any]:
    """Positional values of a call; builders are noted, and only what they build from is kept."""
    named = {str(keyword.arg): keyword.value for keyword in call.keywords}
    remaining = list(parameters)[len(call.args) :]
    if set(named) - set(remaining):
        raise _FormError
    nodes = list(call.args)
    for name in remaining:
        if name not in named:
            break
        nodes.append(named.pop(name))
    if named:
        raise _FormError  # one in between is left to its default
    values = []
    for position, node in enumerate(nodes):
        builder = next((name for name in _BUILDERS if _calls(node, name)), None)
        if builder is not None:
            if script.built.setdefault(position, builder) != builder:
                raise _FormError
            node = node.args[0]  # type: ignore[attr-defined]  # noqa: PLW2901
        values.append(_value(node))
    return values


def _value(node: ast.expr) -> Any:  # noqa: ANN401
    """A literal, in which numbers may be summed and multiplied."""
    try:
        return ast.literal_eval(_Folded().visit(node))
    except (ValueError, TypeError, ArithmeticError) as error:
        raise _FormError from error


class _Folded(ast.NodeTransformer):
    """Puts a number for a sum or product of two."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        node = ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))
        left, right = ast.literal_eval(node.left), ast.literal_eval(node.right)
        numbers = {int, float, complex}
        if type(node.op) not in _OPERATIONS or not {type(left), type(right)} <= numbers:
            return node
        return ast.Constant(_OPERATIONS[type(node.op)](left, right))
