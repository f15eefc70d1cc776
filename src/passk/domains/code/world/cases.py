"""Hidden tests of a specification: wide inputs, and outputs of the reference.

Inputs hold the empty list, single and equal elements, negatives, repeats, the bounds themselves,
long lists and big values. They tell the reference apart from every misreading of one phrase and
from every program that leaves a step out; where the first inputs do not, others are looked for.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from passk.domains.code.world.operations import ProgramStep
from passk.domains.code.world.specifications import Specification
from passk.domains.code.world.writing import write

Function = Callable[[list[int]], Any]
_SEARCHED = 400  # more inputs, where the first do not tell two programs apart
_VARIED = 4  # distinct outputs at least: no constant passes


def function(steps: Sequence[ProgramStep]) -> Function:
    """Some steps as a function. The source is this project's own, so it runs in this process."""
    names: dict[str, Any] = {}
    exec(write(steps, "lines", method=False), names)
    defined: Function = names["f"]
    return defined


def result(run: Function, xs: list[int]) -> object:
    """What a function returns, or the type of what it raises."""
    try:
        return run(list(xs))
    except Exception as error:
        return type(error)


def _inputs(constants: Sequence[int], generator: random.Random) -> Iterator[list[int]]:
    """Inputs that every specification is tested on."""

    def some(length: int, low: int, high: int) -> list[int]:
        return [generator.randint(low, high) for _ in range(length)]

    yield []
    yield some(1, -9, 9)
    yield [value + delta for value in constants or [0] for delta in (-1, 0, 1)] * 2
    yield [generator.randint(2, 9)] * 6
    yield some(7, -12, -1)
    yield some(8, 1, 12)
    yield some(12, -3, 3)
    yield some(9, -20, 20)
    yield some(10, -20, 20)
    yield sorted(some(9, -15, 15))
    yield some(6, -(10**12), 10**12)
    yield some(60, -99, 99)


def inputs(specification: Specification, generator: random.Random) -> list[list[int]] | None:
    """Inputs of a specification's tests; None where no input tells that a step is left out.

    Such a specification asks for something idle (sorting before counting) or for nothing at all.
    """
    right = specification.steps
    run = function(right)
    constants = [k for k in specification.constants if k is not None]
    chosen = list(_inputs(constants, generator))
    shorter = [(*right[:i], *right[i + 1 :]) for i in range(len(right))] if len(right) > 1 else []
    for number, steps in enumerate([*shorter, *specification.misreadings()]):
        other = function(steps)
        if any(result(other, xs) != run(xs) for xs in chosen):
            continue
        more = (
            [generator.randint(-15, 15) for _ in range(generator.randint(4, 24))]
            for _ in range(_SEARCHED)
        )
        telling = next((xs for xs in more if result(other, xs) != run(xs)), None)
        if telling is not None:
            chosen.append(telling)
        elif number < len(shorter):
            return None
    return chosen if len({str(run(xs)) for xs in chosen}) >= _VARIED else None


def example(run: Function, generator: random.Random) -> str:
    """An assertion on a list of one digit."""
    digit = generator.randint(2, 9)
    return f"assert f([{digit}]) == {run([digit])}"
