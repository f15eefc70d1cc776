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

What a guest sent is nobody's claim but the program's. It is read in time and memory in proportion
to its length, and that is bounded by what is expected: sets and dictionaries are built only of
elements whose hashes are those of expected elements, as chosen ones would collide.

To add a checker: write a function of a Case and list it in CHECKERS; problems name it as their
comparison's `kind`.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, DecimalException
from types import MappingProxyType
from typing import Any, NamedTuple

from passk.domains.code.sandbox import values
from passk.domains.code.sandbox.task import OPAQUE, PRINTED, RETURNED, CaseResult

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

# What is encoded, or printed, at greater length than this, and than so many times what is
# expected, besides, is not equal to it and is not looked at.
_SIZE, _FACTOR = 1 << 16, 16

# None and booleans as they are encoded.
_PLAIN = frozenset({"null", "true", "false"})

# How the text of a digest begins, and the checkers for which equal values are right.
_DIGEST = '{"h":'
_TUPLE_AS_LIST = (f'{_DIGEST}"t', f'{_DIGEST}"l')
_EQUAL = frozenset({"exact", "close", "listed"})


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
    atol = case.comparison.get("atol", 0) or (FLOAT_ATOL if _floats(case.expected) else 0)
    if not atol or type(case.got) is not type(case.expected):
        return False
    return _near(case.got, case.expected, atol, case.comparison.get("rtol", RTOL))


def _floats(value: object) -> bool:
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


def digestible(comparison: Comparison) -> bool:
    """Whether digests can stand for large values: they have to be equal (or hold floats)."""
    return comparison["kind"] in _EQUAL and not comparison.get("atol", 0)


def tolerant(expected: str, comparison: Comparison) -> bool:
    """Whether other values than equal ones are right for what is expected (encoded)."""
    if comparison["kind"] != "close":
        return False
    if comparison.get("atol", 0):
        return True
    # Nothing but floats: then the first part of the text has a float's letters, too.
    if expected.startswith(_DIGEST) or not set(expected.partition(",")[0]) & set(".en"):
        return False
    return _floats(values.decode(expected))


def _digest(text: str) -> str:
    """The digest of an encoded value; what is one already stays; "" where it has none."""
    if text.startswith(_DIGEST):
        return text
    try:
        return values.digest(values.decode(text, _nothing), 1, floats=True) or ""
    except ValueError:
        return ""


def _nothing(elements: Sequence[Any]) -> None:
    raise ValueError("a set or a dictionary has no digest")


def _alike(expected: object, kind: str) -> values.Admit:
    """Admits elements of sets and keys whose hashes those of one that is expected have."""
    known: Counter[int] | None = None

    def admit(elements: Sequence[Any]) -> None:
        nonlocal known
        if known is None:  # only if there is a set or dictionary at all
            known = Counter()
            for held in _hashed(expected, top=kind == "unordered"):
                for key, number in Counter(map(hash, held)).items():
                    known[key] = max(known[key], number)
        if Counter(map(hash, elements)) - known:
            raise ValueError("elements that nothing expected has")

    return admit


def _hashed(value: object, *, top: bool = False) -> Iterator[Sequence[Any]]:
    """Elements of the sets, and keys of the dictionaries, within a value.

    With `top`, those of the value itself whatever it is: they are compared as a set.
    """
    if isinstance(value, dict):
        yield list(value)
        yield from (held for pair in value.items() for part in pair for held in _hashed(part))
    elif isinstance(value, list | tuple | set | frozenset):
        if top or isinstance(value, set | frozenset):
            yield list(value)
        for item in value:
            if isinstance(item, list | tuple | set | frozenset | dict):
                yield from _hashed(item)


def same(  # noqa: PLR0911  (one line per kind of result)
    result: CaseResult, expected: str, arguments: str, comparison: Comparison
) -> bool:
    """Whether a case came out right.

    Args:
        result: what became of it.
        expected: the encoded value, or the text printed.
        arguments: the case's input, encoded; read where a checker wants it.
        comparison: of the problem.

    Raises:
        ValueError: the comparison, or what is expected, is none.
    """
    kind = comparison["kind"]
    if (check := CHECKERS.get(kind)) is None:
        raise ValueError(f"comparison {kind!r}: no such; there are {sorted(CHECKERS)}")
    fits = len(result.value) <= _SIZE + _FACTOR * len(expected)
    if kind == "text":
        case = Case(result.value, expected, (), comparison)
        return result.kind == PRINTED and fits and text(case)
    if result.kind == OPAQUE:
        return kind == "anything" or (kind == "given" and bool(values.decode(expected)))
    if result.kind != RETURNED:
        return False
    if result.value == expected and kind != "root":
        return True
    if result.value.startswith(_DIGEST) or expected.startswith(_DIGEST):
        said, digested = _digest(result.value), _digest(expected)
        if kind == "listed":
            said = said.replace(*_TUPLE_AS_LIST)
        return digestible(comparison) and said != "" and said == digested
    if kind == "anything":
        return True
    wanted = values.decode(expected)
    if kind == "given" and result.value not in _PLAIN:
        return bool(wanted)
    if not fits:
        return False
    try:
        got = values.decode(result.value, _alike(wanted, kind))
        return check(Case(got, wanted, values.decode(arguments), comparison))
    except (TypeError, ValueError, ArithmeticError, RecursionError, LookupError):
        return False  # not comparable, so not equal
