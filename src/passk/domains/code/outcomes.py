"""Whether a case came out right: what a guest sent, beside what is expected, under a checker.

What a guest sent is nobody's claim but the program's. It is read in time and memory in proportion
to its length, and that is bounded by what is expected: sets and dictionaries are built only of
elements whose hashes are those of expected elements, as chosen ones would collide.
"""

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from passk.domains.code.checkers import CHECKERS, Case, Comparison, is_floats, text
from passk.domains.code.sandbox import values
from passk.domains.code.sandbox.task import OPAQUE, PRINTED, RETURNED, CaseResult

# What is encoded, or printed, at greater length than this, and than so many times what is
# expected, besides, is not equal to it and is not looked at.
_SIZE, _FACTOR = 1 << 16, 16

# None and booleans as they are encoded.
_PLAIN = frozenset({"null", "true", "false"})

# How the text of a digest begins, and the checkers for which equal values are right.
_DIGEST = '{"h":'
_TUPLE_AS_LIST = (f'{_DIGEST}"t', f'{_DIGEST}"l')
_EQUAL = frozenset({"exact", "close", "listed"})


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
    return is_floats(values.decode(expected))


def _digest(text: str) -> str:
    """The digest of an encoded value; what is one already stays; "" where it has none."""
    if text.startswith(_DIGEST):
        return text
    try:
        return values.digest(values.decode(text, _nothing), 1, floats=True) or ""
    except ValueError:
        return ""


# Of the same problem's programs, one after the other.
_digest_expected = functools.lru_cache(maxsize=256)(_digest)


def _nothing(elements: Sequence[Any]) -> None:
    raise ValueError("a set or a dictionary has no digest")


def _alike(expected: object, kind: str) -> values.Admit:
    """Admits elements of sets and keys whose hashes those of one that is expected have."""
    known: Counter[int] | None = None

    def admit(elements: Sequence[Any]) -> None:
        nonlocal known
        if known is None:  # only if there is a set or dictionary at all
            known = Counter()
            for items in _hashed(expected, top=kind == "unordered"):
                for key, number in Counter(map(hash, items)).items():
                    known[key] = max(known[key], number)
        own = Counter(map(hash, elements))
        if any(number > known.get(key, 0) for key, number in own.items()):
            raise ValueError("elements that nothing expected has")

    return admit


def _hashed(value: object, *, top: bool = False) -> Iterator[Sequence[Any]]:
    """Elements of the sets, and keys of the dictionaries, within a value.

    With `top`, those of the value itself whatever it is: they are compared as a set.
    """
    if isinstance(value, dict):
        yield list(value)
        yield from (items for pair in value.items() for part in pair for items in _hashed(part))
    elif isinstance(value, list | tuple | set | frozenset):
        if top or isinstance(value, set | frozenset):
            yield list(value)
        for item in value:
            if isinstance(item, list | tuple | set | frozenset | dict):
                yield from _hashed(item)


def is_right(  # noqa: PLR0911  (one line per kind of result)
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
        sent, digested = _digest(result.value), _digest_expected(expected)
        if kind == "listed":
            sent = sent.replace(*_TUPLE_AS_LIST)
        return digestible(comparison) and sent != "" and sent == digested
    if kind == "anything":
        return True
    reference = values.decode(expected)
    if kind == "given" and result.value not in _PLAIN:
        return bool(reference)
    if not fits:
        return False
    try:
        got = values.decode(result.value, _alike(reference, kind))
        return check(Case(got, reference, values.decode(arguments), comparison))
    except (TypeError, ValueError, ArithmeticError, RecursionError, LookupError):
        return False  # not comparable, so not equal
