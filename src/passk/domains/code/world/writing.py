"""Programs written out: the same steps as assignments, one expression, a loop, or built-ins."""

import random
from collections.abc import Sequence

from passk.domains.code.world.operations import EACH, KEEP, OPERATIONS, ProgramStep

MANNERS = {"lines": 0.6, "nested": 0.1, "loop": 0.15, "builtins": 0.15}  # and how often in a corpus
FENCE = "```"  # ends a program; the prompt opened it

# Calls that take a generator as well as a list.
_OPEN = ("sum({xs})", "sorted({xs})", "sorted(set({xs}))", "len(set({xs}))")


def _way(step: ProgramStep, generator: random.Random | None) -> str:
    """A step's expression with its constant; the reference's way without a generator."""
    ways = OPERATIONS[step.operation].ways
    way = generator.choice(ways) if generator else ways[0]
    return way.replace("{k}", str(step.constant))


def _applied(step: ProgramStep, way: str, xs: str, *, builtins: bool = False) -> str:
    """The expression of a step on a list."""
    if step.kind == KEEP:
        if builtins:
            return f"list(filter(lambda x: {way}, {xs}))"
        return f"[x for x in {xs} if {way}]"
    if step.kind == EACH:
        if builtins:
            return f"list(map(lambda x: {way}, {xs}))"
        return f"[{way} for x in {xs}]"
    if way in _OPEN and xs.startswith("[") and xs.endswith("]") and "[" not in xs[1:]:
        xs = xs[1:-1]  # a generator
    return way.replace("{xs}", xs)


def _nested(steps: Sequence[ProgramStep], ways: Sequence[str]) -> list[str] | None:
    """One expression; None where a step reads the list twice."""
    expression = "xs"
    index = 0
    while index < len(steps):
        step, way = steps[index], ways[index]
        following = steps[index + 1] if index + 1 < len(steps) else None
        if way.count("{xs}") > 1 and index:
            return None
        if step.kind == KEEP and following and following.kind == EACH:
            expression = f"[{ways[index + 1]} for x in {expression} if {way}]"
            index += 1
        else:
            expression = _applied(step, way, expression)
        index += 1
    return [f"return {expression}"]


def _loop(step: ProgramStep, way: str) -> list[str]:
    """A loop that fills `ys`."""
    if step.kind == KEEP:
        inside = [f"    if {way}:", "        ys.append(x)"]
    else:
        inside = [f"    ys.append({way})"]
    return ["ys = []", "for x in xs:", *inside]


def _lines(steps: Sequence[ProgramStep], ways: Sequence[str], manner: str) -> list[str]:
    """A statement a step; in manner `loop` the first step that can be one is a loop."""
    lines: list[str] = []
    name, looped = "xs", False
    for index, (step, way) in enumerate(zip(steps, ways, strict=True)):
        if manner == "loop" and not looped and step.kind in (KEEP, EACH):
            lines += _loop(step, way)
            name, looped = "ys", True
            if index == len(steps) - 1:
                lines.append("return ys")
            continue
        expression = _applied(step, way, name, builtins=manner == "builtins")
        lines.append(
            f"return {expression}" if index == len(steps) - 1 else f"{name} = {expression}"
        )
    return lines


def write(
    steps: Sequence[ProgramStep],
    manner: str,
    generator: random.Random | None = None,
    *,
    method: bool,
) -> str:
    r"""A program of some steps.

    Args:
        steps: what it does; at least one.
        manner: one of MANNERS.
        generator: chooses among equal ways; None: the reference's.
        method: a method of `class Solution`, else a function.

    Example:
        >>> print(write([ProgramStep("even"), ProgramStep("sum")], "nested", method=False))
        def f(xs):
            return sum(x for x in xs if x % 2 == 0)
    """
    ways = [_way(step, generator) for step in steps]
    body = _nested(steps, ways) if manner == "nested" else None
    body = body or _lines(steps, ways, manner)
    if method:
        head, indent = ["class Solution:", "    def f(self, xs):"], "        "
    else:
        head, indent = ["def f(xs):"], "    "
    return "\n".join([*head, *(indent + line for line in body)])
