"""Whether what a program returned or printed is right; pure, and on the host alone.

Rules are those of the benchmarks' own harnesses: evalplus 0.3.1 for functions, LiveCodeBench for
programs that print and for `Solution` classes. Guests send plain values (`sandbox.values`), so
`==` here is Python's own, never one that a program overloaded: `1 == 1.0` and `True == 1` hold, a
tuple is no list.

Where evalplus is order-dependent or lenient by accident, this is not: a tolerance holds for one
case and does not leak into the cases after it, arrays are not broadcast against each other, and
an argument that the program changed in place does not change what it is compared with. What is
encoded alike counts as equal, so that a NaN that is expected can be returned. What is no plain
value (a Fraction or Decimal; but for `unordered`, a generator, `filter` or dictionary view) is
equal to nothing, where evalplus finds `Fraction(1, 2)` equal to 0.5.

To add a checker: write a function of a Case and list it in CHECKERS; problems name it as their
comparison's `kind`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, DecimalException
from types import MappingProxyType
from typing import Any, NamedTuple

Comparison = Mapping[str, Any]


class Case(NamedTuple):
    """What a checker is given.

    Attributes:
        got: what the program returned or printed.
        expected: what the reference did.
        arguments: of the call.
        comparison: of the problem.
    """

    got: Any
    expected: Any
    arguments: Sequence[Any]
    comparison: Comparison


Checker = Callable[[Case], bool]

# What NumPy's assert_allclose, and so evalplus, takes for a relative tolerance.
RTOL = 1e-7
# What evalplus takes for an absolute one where floats are expected and the problem names none.
FLOAT_ATOL = 1e-6


def exact(case: Case) -> bool:
    """Python's `==`."""
    return bool(case.got == case.expected)


def close(case: Case) -> bool:
    """Equal, or of the same type and shape with |got - expected| <= atol + rtol * |expected|.

    With `atol` 0, or none, only floats, and lists and tuples of nothing but floats, may differ, by
    FLOAT_ATOL: evalplus's rule for problems that state no tolerance.
    """
    if case.got == case.expected:
        return True
    atol = case.comparison.get("atol", 0) or (FLOAT_ATOL if is_floats(case.expected) else 0)
    if not atol or type(case.got) is not type(case.expected):
        return False
    return _near(case.got, case.expected, atol, case.comparison.get("rtol", RTOL))


def is_floats(value: object) -> bool:
    """Whether a value is a float, or a list or tuple of nothing but floats."""
    if isinstance(value, list | tuple) and value:
        return all(isinstance(entry, float) for entry in value)
    return isinstance(value, float)


def _near(got: object, expected: object, atol: float, rtol: float) -> bool:
    """As numpy.allclose, without broadcasting; sequences of both kinds match each other."""
    if isinstance(expected, list | tuple):
        return (
            isinstance(got, list | tuple)
            and len(got) == len(expected)
            and all(_near(a, b, atol, rtol) for a, b in zip(got, expected, strict=True))
        )
    number = int | float | complex
    if not isinstance(expected, number) or not isinstance(got, number):
        return False
    if got == expected:
        return True
    size = abs(expected)  # exact for integers, whose difference may be past any float
    return math.isfinite(size) and bool(abs(got - expected) <= atol + rtol * size)


def unordered(case: Case) -> bool:
    """The same set of elements, in any order and number."""
    wanted = set(case.expected)
    # No set is built of what was returned before all of it is known to be expected.
    return all(item in wanted for item in case.got) and len(set(case.got)) == len(wanted)


def anything(case: Case) -> bool:
    """Whatever is returned (Mbpp/164: two readings of the statement)."""
    return True


def or_zero(case: Case) -> bool:
    """Equal, or 0 (Mbpp/295)."""
    return bool(case.got in (case.expected, 0))


def given(case: Case) -> bool:
    """Not None where True is expected, None where False is; a bool has to be equal."""
    return (
        case.got == case.expected
        if isinstance(case.got, bool)
        else (case.got is not None) == case.expected
    )


def root(case: Case) -> bool:
    """A root of the polynomial with the coefficients given, lowest first (HumanEval/32)."""
    value = sum(
        factor * math.pow(case.got, power) for power, factor in enumerate(case.arguments[0])
    )
    return abs(value) <= case.comparison["atol"]


def pyramid_surface(case: Case) -> bool:
    """Equal, or the surface of a square pyramid when `height` is its own (Mbpp/581)."""
    if case.got == case.expected:
        return True
    edge, height = case.arguments
    slant = math.sqrt((edge / 2) ** 2 + height**2)
    return abs(case.got - round(edge**2 + 2 * edge * slant)) <= case.comparison.get("atol", 0)


def digit_distance(case: Case) -> bool:
    """Equal, or the sum of differences of digits, numbers padded with zeros (Mbpp/558)."""
    if case.got == case.expected:
        return True
    first, second = map(str, case.arguments)
    width = max(len(first), len(second))
    digits = zip(first.zfill(width), second.zfill(width), strict=True)
    return bool(case.got == sum(abs(int(a) - int(b)) for a, b in digits))


def listed(case: Case) -> bool:
    """Python's `==`, a tuple returned counting as a list (LiveCodeBench: JSON has no tuples)."""
    return bool((list(case.got) if isinstance(case.got, tuple) else case.got) == case.expected)


def text(case: Case) -> bool:
    """Lines equal after stripping, or else equal as decimal numbers, token by token.

    LiveCodeBench's rule for standard output: as many lines, blank ones around the text and blanks
    around lines left out; numbers are compared exactly, so `1.0` is `1.00` and not `1.0000001`.
    """
    lines, wanted = case.got.strip().split("\n"), case.expected.strip().split("\n")
    return len(lines) == len(wanted) and all(
        line.strip() == want.strip() or _numbers(line, want)
        for line, want in zip(lines, wanted, strict=True)
    )


def _numbers(line: str, want: str) -> bool:
    try:
        return [Decimal(word) for word in line.split()] == [Decimal(word) for word in want.split()]
    except (DecimalException, ValueError):
        return False


CHECKERS: Mapping[str, Checker] = MappingProxyType(
    {
        "exact": exact,
        "close": close,
        "unordered": unordered,
        "anything": anything,
        "or_zero": or_zero,
        "given": given,
        "root": root,
        "pyramid_surface": pyramid_surface,
        "digit_distance": digit_distance,
        "listed": listed,
        "text": text,
    }
)

# Entry points for which evalplus does not compare returned values as such, by benchmark.
SPECIAL: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "humaneval_plus": {"find_zero": "root"},
        "mbpp_plus": {
            "are_equivalent": "anything",
            "sum_div": "or_zero",
            "surface_Area": "pyramid_surface",
            "digit_distance_nums": "digit_distance",
            **dict.fromkeys(
                (
                    "similar_elements", "find_char_long", "common_in_nested_lists",
                    "extract_singly", "larg_nnum", "intersection_array", "find_dissimilar", "Diff",
                ),
                "unordered",
            ),
            **dict.fromkeys(("check_str", "text_match_three", "text_starta_endb"), "given"),
        },
    }
)  # fmt: skip


def evalplus_comparison(benchmark: str, entry: str, atol: float) -> dict[str, Any]:
    """How evalplus compares the outputs of a problem.

    Args:
        benchmark: humaneval_plus or mbpp_plus.
        entry: the function's name.
        atol: the problem's absolute tolerance.

    Example:
        >>> evalplus_comparison("humaneval_plus", "find_zero", 1e-4)
        {'kind': 'root', 'atol': 0.0001}
    """
    return {"kind": SPECIAL[benchmark].get(entry, "close"), "atol": atol}
