"""Whether tests that somebody wrote can judge a program at all; what is wrong with them is said.

A table made by hand so fails once, at its row, and never looks like a program's fault.
"""

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from passk.domains.code.checkers import CHECKERS
from passk.domains.code.sandbox import values
from passk.domains.code.test_cases import Tests

_DIGEST = re.compile(r'\{"h":"[slt][0-9a-f]{64}"\}')


def find_fault(tests: Tests) -> str | None:
    """What is wrong with tests, or None.

    Example:
        >>> find_fault(Tests("f", ("[1]",), ("(1)",)))
        'expected[0]: not an encoded value: Expecting value: line 1 column 1 (char 0)'
    """
    fault = _check_texts(tests) or _check_comparison(tests)
    if fault or tests.entry is None:
        return fault
    cases = enumerate(zip(tests.inputs, tests.expected, strict=True))
    faults = (
        _check_case(number, given, expected, tests.comparison["kind"])
        for number, (given, expected) in cases
    )
    return next(filter(None, faults), None)


def read_tests(gold: str) -> Tests | None:
    """Tests from their JSON; None where it is not such, or they cannot judge anything."""
    try:
        tests = Tests.load(gold)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return None if find_fault(tests) else tests


def _check_texts(tests: Tests) -> str | None:
    for name in ("entry", "reference"):
        if not isinstance(getattr(tests, name), str | None):
            return f"{name}: expected text or null"
    if not isinstance(tests.prelude, str):
        return "prelude: expected text"
    for name, texts in {"inputs": tests.inputs, "expected": tests.expected}.items():
        if strange := [number for number, text in enumerate(texts) if not isinstance(text, str)]:
            return f"{name}[{strange[0]}]: expected text, see passk.domains.code.sandbox.values"
    if not len(tests.inputs) == len(tests.expected) > 0:
        return f"{len(tests.inputs)} inputs and {len(tests.expected)} expected; as many, and one"
    return None


def _check_case(number: int, given: str, expected: str, kind: str) -> str | None:
    try:
        arguments = values.decode(given)
    except ValueError as error:
        return f"inputs[{number}]: {error}"
    if not isinstance(arguments, list):
        return f"inputs[{number}]: expected the list of arguments"
    if _DIGEST.fullmatch(expected):
        return None
    try:
        wanted = values.decode(expected)
    except ValueError as error:
        return f"expected[{number}]: {error}"
    if (wants := _WANTS.get(kind)) and not wants(arguments, wanted):
        return f"case {number}: its values are not for comparison {kind!r}"
    return None


def _check_comparison(tests: Tests) -> str | None:
    comparison = tests.comparison
    if not isinstance(comparison, Mapping) or not isinstance(comparison.get("kind"), str):
        return "expected an object with a `kind`"
    kind = comparison["kind"]
    if kind not in CHECKERS:
        return f"no kind {kind!r}; there are {sorted(CHECKERS)}"
    if (kind == "text") != (tests.entry is None):
        return f"kind {kind!r}, but `text` is for programs that print (`entry` null), and only that"
    for name in ("atol", "rtol"):
        if not _is_tolerance(comparison.get(name, 0)):
            return f"{name}: expected a number from 0"
    return "kind 'root' needs `atol`" if kind == "root" and "atol" not in comparison else None


def _is_tolerance(value: Any) -> bool:  # noqa: ANN401
    return _is_number(value) and math.isfinite(value) and value >= 0


def _is_number(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, int | float) and not isinstance(value, bool)


def _suits_root(arguments: list[Any], _: object) -> bool:
    return bool(arguments) and isinstance(arguments[0], list) and all(map(_is_number, arguments[0]))


def _are_numbers(arguments: list[Any], wanted: object) -> bool:
    return len(arguments) == 2 and all(map(_is_number, [*arguments, wanted]))


def _are_integers(arguments: list[Any], wanted: object) -> bool:
    return len(arguments) == 2 and all(isinstance(value, int) for value in [*arguments, wanted])


def _suits_set(_: object, wanted: Any) -> bool:  # noqa: ANN401
    try:
        set(wanted)
    except TypeError:
        return False
    return True


# What special checkers read besides the value returned.
_WANTS: Mapping[str, Callable[[list[Any], Any], bool]] = MappingProxyType(
    {
        "root": _suits_root,
        "pyramid_surface": _are_numbers,
        "digit_distance": _are_integers,
        "given": lambda _, wanted: isinstance(wanted, bool),
        "unordered": _suits_set,
    }
)
