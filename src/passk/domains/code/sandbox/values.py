"""Python values as text that can be read without trusting who wrote it: JSON with tags.

None, booleans, finite floats, strings, lists, and integers up to 64 bits are JSON's own; all else
is an object with one key, its tag:

    >>> encode([1, (2.0, None), {"a": {3}}])
    '[1,{"t":[2.0,null]},{"d":[["a",{"s":[3]}]]}]'
    >>> decode(encode({(1, 2): float("-inf"), "big": 10**30}))
    {(1, 2): -inf, 'big': 1000000000000000000000000000000}

What a call returned to be iterated over (a generator, `filter`, a dictionary's view) is read to
its end and becomes a Lazy, which is equal to nothing.

Types are kept exactly (True is not 1, 1 is not 1.0, -0.0 has its sign); an instance of a subclass
(Counter, IntEnum, a named tuple) is written as what it holds, whatever its own methods say. Equal
sets have one text, and so have equal dictionaries of equal order. Standard library alone: this
module also runs inside the sandbox.
"""

import array
import binascii
import hashlib
import itertools
import json
import math
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

LONGEST = 1 << 26  # characters of a text that is decoded,
MOST = 1 << 21  # brackets and strings in it: each may cost its reader a hundred bytes,
DEEPEST = 100  # and how deep values may be nested

_PLAIN = frozenset({int, float, str, bool, type(None)})
_SMALL = 1 << 63
_LONG: dict[type, str] = {str: "s", list: "l", tuple: "t"}
_NUMBERS = frozenset({int, float, bool})
_MINUS_ZERO = array.array("d", [-0.0]).tobytes()
_EXACT = 1 << 53  # integers up to here are floats exactly
# What may be read to its end in place of a value, and up to how many items.
_VIEWS = tuple(type(getattr({}, name)()) for name in ("keys", "values", "items"))
_ITERATED: tuple[Any, ...] = (
    types.GeneratorType,
    filter,
    map,
    zip,
    enumerate,
    reversed,
    range,
    *_VIEWS,
)
_MOST_ITERATED = 1 << 16
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}

_compact = json.JSONEncoder(
    ensure_ascii=True, check_circular=False, allow_nan=False, separators=(",", ":")
).encode


class Lazy:
    """Items of what was no value but can be iterated over; equal to nothing, itself alone."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = tuple(items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)


Admit = Callable[[Sequence[Any]], None]


class ValueTextError(ValueError):
    """A text that is no encoded value, or is larger than what may be read."""


def encode(value: Any) -> str:  # noqa: ANN401  (any value)
    """A value as text (ASCII).

    Raises:
        TypeError: a type that is not known here, by name.
        ValueTextError: nested deeper than DEEPEST, or within itself.
    """
    if issubclass(type(value), (*_ITERATED, Lazy)):
        items = list(itertools.islice(value, _MOST_ITERATED + 1))
        if len(items) > _MOST_ITERATED:
            raise TypeError(f"more than {_MOST_ITERATED} items of a {type(value).__name__}")
        return _compact({"v": [_tagged(item, DEEPEST - 1) for item in items]})
    return _compact(_tagged(value, DEEPEST))


def decode(text: str, admit: Admit | None = None) -> Any:  # noqa: ANN401  (any value)
    """The value of a text, new at each call.

    Args:
        text: written by `encode`, or by somebody who says so.
        admit: is given the elements of each set, and the keys of each dictionary, before it is
            built, and raises ValueError to refuse them. Values whose hashes collide take time in
            the square of their number; all else here takes time in proportion to the text.

    Raises:
        ValueTextError: not written by `encode`, larger than the limits above, or refused.
    """
    if len(text) > LONGEST:
        raise ValueTextError(f"a value of {len(text)} characters; at most {LONGEST} are read")
    if text.count("[") + text.count('"') // 2 + text.count("{") > MOST:
        raise ValueTextError(f"a value of more than {MOST} parts")
    try:
        return (_decoder if admit is None else _decoder_of(admit)).decode(text)
    except ValueTextError:
        raise
    except (ValueError, TypeError, RecursionError, KeyError, OverflowError) as error:
        raise ValueTextError(f"not an encoded value: {str(error)[:200]}") from None


def digest(value: Any, whole: int, floats: bool = False) -> str | None:  # noqa: ANN401
    """A text that stands for a large value: its digest under the tag `h`; `decode` refuses it.

    Equal values have equal digests, as far as they have one: texts, and lists and tuples of
    numbers whose integers floats have exactly.

    Args:
        value: any.
        whole: characters, or numbers, up to which a value has no digest; 0: none has.
        floats: whether what holds a float has one, too: floats are often compared within a
            tolerance, for which they have to be whole.

    Example:
        >>> digest([1, 2], 1) == digest([True, 2.0], 1, floats=True), digest([1, 2.0], 1)
        (True, None)
    """
    kind = type(value)
    if not whole or kind not in _LONG or len(value) <= whole:
        return None
    if kind is str:
        data = value.encode("utf-8", "surrogatepass")
    else:
        kinds = set(map(type, value))
        if not kinds <= _NUMBERS or (float in kinds and not floats):
            return None
        if int in kinds and not (max(value) <= _EXACT and min(value) >= -_EXACT):
            return None
        data = array.array("d", value).tobytes()
        if _MINUS_ZERO in data:  # perhaps across two numbers: then nothing changes
            data = array.array("d", [item + 0.0 for item in value]).tobytes()
    return _compact({"h": f"{_LONG[kind]}{hashlib.sha256(data).hexdigest()}"})


def _tagged(value: Any, depth: int) -> Any:  # noqa: ANN401  (any value)
    """The value in JSON's types alone; parts that are such already are not copied."""
    kind = type(value)
    if kind is list:
        if _PLAIN.issuperset(map(type, value)):
            return value if _simple(value) else [_scalar(item) for item in value]
        if depth <= 0:
            raise ValueTextError(f"nested deeper than {DEEPEST}")
        return [_tagged(item, depth - 1) for item in value]
    if kind in _PLAIN:
        return _scalar(value)
    if depth <= 0:
        raise ValueTextError(f"nested deeper than {DEEPEST}")
    return _container(value, depth - 1)


def _simple(items: list[Any]) -> bool:
    """Whether JSON has all these scalars: no infinities, no integers past 64 bits.

    At the speed of C where it matters. False is always safe: each item is looked at then.
    """
    kinds = set(map(type, items))
    if kinds <= {str, bool, type(None)}:
        return True
    if not kinds <= {int, float, bool}:
        return False
    # NaN compares with nothing, so that with one at an end both comparisons are false.
    if int in kinds and not (min(items) >= -_SMALL and max(items) < _SMALL):
        return False
    return float not in kinds or all(map(math.isfinite, items))


def _scalar(value: Any) -> Any:  # noqa: ANN401  (a plain scalar)
    if type(value) is float and not math.isfinite(value):
        return {"n": repr(value)}
    if type(value) is int and not -_SMALL <= value < _SMALL:
        # Hexadecimal takes linear time, decimal does not (and Python refuses 4,300 digits).
        return {"i": hex(value)}
    return value


def _container(value: Any, depth: int) -> Any:  # noqa: ANN401, PLR0911  (one line per type)
    """What JSON does not have. Base types' own methods are called: a subclass may lie."""
    if isinstance(value, tuple):
        return {"t": [_tagged(item, depth) for item in tuple.__iter__(value)]}
    if isinstance(value, dict):
        pairs = dict.items(value)
        return {"d": [[_tagged(key, depth), _tagged(item, depth)] for key, item in pairs]}
    if isinstance(value, set):
        return {"s": sorted((_tagged(item, depth) for item in set.__iter__(value)), key=_compact)}
    if isinstance(value, frozenset):
        items = (_tagged(item, depth) for item in frozenset.__iter__(value))
        return {"f": sorted(items, key=_compact)}
    if isinstance(value, complex):
        return {"c": [_scalar(part) for part in _parts(value)]}
    if isinstance(value, (bytes, bytearray)) and type(value) in {bytes, bytearray}:
        return {"b" if type(value) is bytes else "a": binascii.hexlify(value).decode()}
    if isinstance(value, list):
        return _tagged(list(list.__iter__(value)), depth)
    if isinstance(value, int):
        return _scalar(int.__index__(value))
    if isinstance(value, float):
        return _scalar(float.__float__(value))
    if isinstance(value, str):
        return str.__str__(value)
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        return _tagged(value.item(), depth)
    raise TypeError(f"no text for a value of type {type(value).__name__}")


def _parts(value: complex) -> tuple[float, float]:
    return complex.__complex__(value).real, complex.__complex__(value).imag


def _decoder_of(admit: Admit) -> json.JSONDecoder:
    def untagged(pairs: list[tuple[str, Any]]) -> Any:  # noqa: ANN401
        if len(pairs) == 1 and pairs[0][0] in "dsf" and isinstance(pairs[0][1], list):
            tag, content = pairs[0]
            admit([key for key, _ in content] if tag == "d" else content)
        return _untagged(pairs)

    return json.JSONDecoder(object_pairs_hook=untagged, parse_constant=_refuse)


def _untagged(pairs: list[tuple[str, Any]]) -> Any:  # noqa: ANN401, PLR0911  (one line per tag)
    if len(pairs) != 1:
        raise ValueTextError("an object with other than one tag")
    tag, content = pairs[0]
    match tag, content:
        case "t", list():
            return tuple(content)
        case "d", list():
            return dict(content)
        case "s", list():
            return set(content)
        case "f", list():
            return frozenset(content)
        case "v", list():
            return Lazy(content)
        case "n", str():
            return _SPECIAL[content]
        case "i", str():
            return int(content, 16)
        case "c", [float(), float()]:
            return complex(*content)
        case "b", str():
            return binascii.unhexlify(content)
        case "a", str():
            return bytearray(binascii.unhexlify(content))
    raise ValueTextError(f"no such tag: {tag[:20]!r}")


def _refuse(constant: str) -> None:
    raise ValueTextError(f"{constant} outside of a tag")


_decoder = json.JSONDecoder(object_pairs_hook=_untagged, parse_constant=_refuse)
