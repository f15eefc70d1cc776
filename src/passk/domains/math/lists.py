"""Comparing several answers: lists and sets in whatever order, points and vectors in theirs."""

import re
from collections.abc import Sequence
from typing import TypeGuard

from passk.domains.math.comparing import Comparing
from passk.domains.math.quantities import Value
from passk.domains.math.shapes import Items, Named, Shape

_EMPTY = Value(r"\emptyset")
_UNORDERED = ("", "{}")
_COLUMN = re.compile(r"\\begin\{[pb]matrix\}(.*)\\end\{[pb]matrix\}")


def equal_items(compare: Comparing, gold: Shape, answer: Shape) -> bool:
    """Compare shapes of which one is several answers at least."""
    gold, answer = _without_needless_set(gold, answer), _without_needless_set(answer, gold)
    if isinstance(gold, Items) and isinstance(answer, Items):
        return len(gold.items) == len(answer.items) and _equal_as_many(compare, gold, answer)
    if not isinstance(gold, Items) and not isinstance(answer, Items):
        return compare.equal(gold, answer)
    if _is_either(gold) and not isinstance(answer, Items):
        return all(compare.equal(item, answer) for item in gold.items)
    if _is_either(answer) and not isinstance(gold, Items):
        return all(compare.equal(gold, item) for item in answer.items)
    one, other = _entries(gold), _entries(answer)
    return one is not None and other is not None and _in_order(compare, one, other)


def _is_either(shape: Shape) -> TypeGuard[Items]:
    r"""Whether a shape has answers of which any will do, as `\frac{3}{4} \text{ or } 0.75`."""
    return isinstance(shape, Items) and shape.alternatives and not shape.brackets


def _without_needless_set(shape: Shape, other: Shape) -> Shape:
    """The only element of a set, or of a list, where the other is no set."""
    if not isinstance(shape, Items) or len(shape.items) != 1 or shape.items[0] == _EMPTY:
        return shape
    if isinstance(other, Items) and (shape.brackets != "{}" or other.brackets in _UNORDERED):
        return shape
    return shape.items[0]


def _equal_as_many(compare: Comparing, gold: Items, answer: Items) -> bool:
    one, other = gold.brackets, answer.brackets
    if one in _UNORDERED and other in _UNORDERED:
        return equal_lists(compare, gold.items, answer.items)
    if "{}" in (one, other):
        return False
    if not one and other == "()":
        # Around answers that have no order, parentheses are no point.
        return equal_lists(compare, gold.items, answer.items)
    if len(gold.items) == 2 and (one or "()") != (other or "()"):
        return False  # ends of intervals
    return _in_order(compare, gold.items, answer.items)


def _entries(shape: Shape) -> tuple[Shape, ...] | None:
    """Entries of a point or of a vector; None where it is neither."""
    if isinstance(shape, Items):
        return shape.items if shape.brackets in ("()", "[]", "") else None
    match = _COLUMN.fullmatch(shape.formula) if isinstance(shape, Value) else None
    if match is None:
        return None
    return tuple(Value(part.strip()) for part in re.split(r"\\\\|&", match[1]) if part.strip())


def _in_order(compare: Comparing, gold: Sequence[Shape], answer: Sequence[Shape]) -> bool:
    return len(gold) == len(answer) and all(
        compare.equal(*pair) for pair in zip(gold, answer, strict=True)
    )


def equal_lists(compare: Comparing, gold: Sequence[Shape], answer: Sequence[Shape]) -> bool:
    """Whether each finds its own partner, in whatever order."""
    names = [{item.name for item in items if isinstance(item, Named)} for items in (gold, answer)]
    if len(names[0]) > 1 and not names[1]:
        return _in_order(compare, [_value(item) for item in gold], answer)
    if names[0] and names[1]:
        gold, answer = _without_indices(gold), _without_indices(answer)
    left = list(answer)
    for item in gold:
        partner = next((place for place, one in enumerate(left) if compare.equal(item, one)), None)
        if partner is None:
            return False
        del left[partner]
    return not left


def _value(shape: Shape) -> Shape:
    return shape.value if isinstance(shape, Named) else shape


def _without_indices(items: Sequence[Shape]) -> list[Shape]:
    """`x_1 = 2, x_2 = 5`: which root has which number means nothing."""
    named = [item for item in items if isinstance(item, Named)]
    bases = {re.sub(r"_\s?\{?\d\}?", "", item.name) for item in named}
    if len(bases) != 1 or len(named) < len(items):
        return list(items)
    return [item.value for item in named]
