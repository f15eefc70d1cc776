"""Programs broken on purpose, one mutation each: comparisons, constants, arithmetic, results."""

import ast
import os
import resource
from collections.abc import Iterator

KINDS = ("comparison", "constant", "arithmetic", "result")

_COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult, ast.Mod: ast.Add,
}  # fmt: skip
# Another value of the same type, whatever is returned.
_OTHER = """
def _other(value):
    for kind, change in (
        (bool, lambda v: not v), (int, lambda v: v + 1), (float, lambda v: v + 1.0),
        (str, lambda v: v + "x"), (list, lambda v: v + [0]), (tuple, lambda v: v + (0,)),
        (dict, lambda v: {**v, "x": 0}), (type(None), lambda v: 0),
    ):
        if isinstance(value, kind):
            return change(value)
"""


def mutants(program: str, kind: str) -> Iterator[str]:
    """Each place of a program mutated, in order."""
    count = sum(_mutable(node, kind) for node in ast.walk(ast.parse(program)))
    for place in range(count):
        tree = ast.parse(program)
        nodes = [node for node in ast.walk(tree) if _mutable(node, kind)]
        _mutate(nodes[place])
        more = _OTHER if kind == "result" else ""
        yield ast.unparse(ast.fix_missing_locations(tree)) + more


def _mutable(node: ast.AST, kind: str) -> bool:
    match kind, node:
        case "comparison", ast.Compare():
            return type(node.ops[0]) in _COMPARISONS
        case "constant", ast.Constant():
            return type(node.value) is int
        case "arithmetic", ast.BinOp():
            return type(node.op) in _ARITHMETIC
        case "result", ast.Return():
            return node.value is not None
    return False


def _mutate(node: ast.AST) -> None:
    match node:
        case ast.Compare():
            node.ops[0] = _COMPARISONS[type(node.ops[0])]()
        case ast.Constant():
            node.value += 1
        case ast.BinOp():
            node.op = _ARITHMETIC[type(node.op)]()
        case ast.Return():
            node.value = ast.Call(ast.Name("_other", ast.Load()), [node.value], [])


def differs(program: str, reference: str, entry: str, cases: list[list]) -> bool:
    """Whether two of our own programs return different values on some case, within 2 s each."""
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (2, 2))
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
        same = 1
        try:
            first, second = {}, {}
            exec(program, first)
            exec(reference, second)
            import copy

            same = all(
                first[entry](*copy.deepcopy(case)) == second[entry](*copy.deepcopy(case))
                for case in cases
            )
        finally:
            os._exit(0 if same is True else 1)
    return os.waitpid(pid, 0)[1] != 0


def broken(reference: str, entry: str, cases: list[list], number: int) -> tuple[str, str]:
    """A kind and a mutant that differs from its reference; kinds take turns by number."""
    turns = [KINDS[(number + step) % 3] for step in range(3)]
    for kind in (*turns, "result"):
        for mutant in mutants(reference, kind):
            if differs(mutant, reference, entry, cases):
                return kind, mutant
    raise ValueError(f"no mutant of {entry} differs on these cases")
