"""Sets of numbers: intervals, unions, and the inequalities that name them."""

import re

from passk.domains.math.quantities import Value
from passk.domains.math.shapes import Items, Relation, Shape
from passk.domains.math.structure import read

_UP = {">": "<", "\\ge": "\\le"}
_INFINITY = r"\infty"
_VARIABLE = re.compile(r"\\?[A-Za-z]+(?:_\{?\w+\}?)?|[a-zA-Z]\([a-z]\)")
_CONSTANTS = (r"\pi", "e", _INFINITY)


def upward(relation: Relation) -> Relation:
    """A chain of inequalities in the direction of `<`.

    Example:
        >>> upward(Relation(("6", "x", "2"), (">", ">")))
        Relation(members=('2', 'x', '6'), signs=('<', '<'))
    """
    if relation.signs and all(sign in _UP for sign in relation.signs):
        return Relation(
            relation.members[::-1], tuple(_UP[sign] for sign in reversed(relation.signs))
        )
    return relation


def _unfolded(relation: Relation) -> Relation:
    """`|x| < 3` as `-3 < x < 3`."""
    relation = upward(relation)
    if relation.signs not in (("<",), ("\\le",)):
        return relation
    match = re.fullmatch(r"\|\s*([a-zA-Z])\s*\|", relation.members[0])
    if match is None:
        return relation
    bound = relation.members[1]
    low = f"-{bound}" if re.fullmatch(r"[\w\\{}.]+", bound) else f"-({bound})"
    return Relation((low, match[1], bound), relation.signs * 2)


def name_of(relation: Relation) -> str | None:
    """The one variable that an inequality or a membership is about; None where there is none."""
    if relation.signs == ("\\in",):
        return relation.members[0].replace(" ", "")
    relation = _unfolded(relation)
    if not relation.signs or not set(relation.signs) <= {"<", "\\le"}:
        return None
    names = [m for m in relation.members if _VARIABLE.fullmatch(m) and m not in _CONSTANTS]
    others = [member for member in relation.members if member not in names]
    if len(names) != 1 or any(re.search(r"(?<![\\A-Za-z])[a-zA-Z](?![A-Za-z])", o) for o in others):
        return None
    return names[0].replace(" ", "")


def _interval(relation: Relation) -> Items | None:
    relation = _unfolded(relation)
    name = name_of(relation)
    relation = upward(relation)
    if name is None or not all(relation.members):
        return None
    place = [member.replace(" ", "") for member in relation.members].index(name)
    if len(relation.members) == 2:
        low = (
            ("(", "-" + _INFINITY)
            if place == 0
            else (_side(relation.signs[0], "(["), relation.members[0])
        )
        high = (
            (")", _INFINITY)
            if place == 1
            else (_side(relation.signs[0], ")]"), relation.members[1])
        )
    elif len(relation.members) == 3 and place == 1:
        low = _side(relation.signs[0], "(["), relation.members[0]
        high = _side(relation.signs[1], ")]"), relation.members[2]
    else:
        return None
    return Items(low[0] + high[0], (Value(low[1]), Value(high[1])))


def _side(sign: str, brackets: str) -> str:
    return brackets[0] if sign == "<" else brackets[1]


def is_bare(shape: Shape) -> bool:
    """Whether a set is written in brackets, not by a relation."""
    return isinstance(shape, Items) and not any(isinstance(i, Relation) for i in shape.items)


def is_set(shape: Shape) -> bool:
    """Whether a shape is a set by a relation or a union; bare intervals join when they must."""
    if isinstance(shape, Relation):
        return name_of(shape) is not None
    return isinstance(shape, Items) and (
        shape.brackets == "∪"
        or (not shape.brackets and all(
            isinstance(i, Relation) and name_of(i) is not None for i in shape.items
        ))
    )  # fmt: skip


def as_set(shape: Shape) -> tuple[Items, ...] | None:
    """The parts of a set of numbers; None where it is none."""
    if isinstance(shape, Relation):
        if shape.signs == ("\\in",):
            return as_set(read(shape.members[1]))
        interval = _interval(shape)
        return None if interval is None else (interval,)
    if not isinstance(shape, Items):
        return None
    if shape.brackets == "∪" or (
        not shape.brackets and any(isinstance(item, Relation) for item in shape.items)
    ):
        parts = [as_set(item) for item in shape.items]
        return None if None in parts else tuple(part for some in parts if some for part in some)
    return (shape,) if len(shape.items) == 2 or shape.brackets == "{}" else None
