"""What programs do, told by their outputs on fixed inputs.

Two specifications may ask for the same function in steps that differ ("sort, drop repeats" and
"drop repeats, sort"). Equal functions have equal outputs on any inputs, so a digest of these
never puts them into different parts of the space; that some unequal ones share a digest costs
nothing.
"""

import random
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from passk.core.digests import digest, seed
from passk.domains.code.world.operations import ProgramStep
from passk.domains.code.world.writing import write


def _battery() -> tuple[tuple[int, ...], ...]:
    """Short lists and long ones, small numbers and larger ones, repeats, the empty list."""
    generator = random.Random(seed("behaviour", "programs"))
    inputs: list[tuple[int, ...]] = [(), (0,), (7,), (-4,)]
    for length, reach in ((2, 12), (3, 6), (5, 12), (8, 12), (11, 4), (12, 12), (14, 90)) * 3:
        inputs.append(tuple(generator.randint(-reach, reach) for _ in range(length)))
    return tuple(inputs)


_INPUTS = _battery()


@cache
def _function(step: ProgramStep) -> Callable[[Any], Any]:
    """One step as a function. The source is this project's own, so it runs in this process."""
    names: dict[str, Any] = {}
    exec(write([step], "lines", method=False), names)
    defined: Callable[[Any], Any] = names["f"]
    return defined


def _output(functions: list[Callable[[Any], Any]], xs: tuple[int, ...]) -> Any:  # noqa: ANN401
    value: Any = list(xs)
    try:
        for function in functions:
            value = function(value)
    except ValueError:  # the largest of nothing
        return "error"
    return value


@lru_cache(maxsize=1 << 16)
def behaviour(steps: tuple[ProgramStep, ...]) -> str:
    """A digest that is equal for steps that do the same.

    Example:
        >>> sort, unique = ProgramStep("ascending"), ProgramStep("unique")
        >>> behaviour((sort, unique)) == behaviour((unique, sort))
        True
        >>> behaviour((sort,)) == behaviour((unique,))
        False
    """
    functions = [_function(step) for step in steps]
    return digest("behaviour", [_output(functions, xs) for xs in _INPUTS])
