r"""Comparing values with names: `x = 5`, `f(x) = x^2`; a name stands for what it equals."""

import re
from dataclasses import replace

from passk.domains.math.comparing import Comparing
from passk.domains.math.names import is_sum
from passk.domains.math.numerals import numeral
from passk.domains.math.quantities import Value
from passk.domains.math.shapes import Named, Relation, Shape

_FUNCTION = re.compile(r"([A-Za-z](?:_\{?\w+\}?)?)\(([^()]*)\)")
_PLAIN = re.compile(r"\\?[A-Za-z]+(?:_\{?\w+\}?)?")


def equal_named(compare: Comparing, gold: Shape, answer: Shape) -> bool:
    """Compare shapes of which one has a name at least."""
    if isinstance(gold, Named) and isinstance(answer, Named):
        return _both_named(compare, gold, answer)
    if _is_equation(gold) or _is_equation(answer):
        return equal_equations(compare, gold, answer)
    if isinstance(gold, Named):
        # A line, `x + y = 5`, is not its right side.
        is_line = isinstance(answer, Value) and is_sum(gold.name)
        return not is_line and compare.equal(gold.value, answer)
    assert isinstance(answer, Named)
    return compare.equal(gold, answer.value)


def _is_equation(shape: Shape) -> bool:
    return isinstance(shape, Relation) and set(shape.signs) == {"="}


def _both_named(compare: Comparing, gold: Named, answer: Named) -> bool:
    if _same_name(gold.name, answer.name):
        return compare.equal(gold.value, answer.value)
    if (renamed := _renamed(answer, gold.name)) is not None:
        return compare.equal(gold.value, renamed)
    if is_sum(gold.name) or is_sum(answer.name):
        return equal_equations(compare, gold, answer)
    if gold.name.count("'") != answer.name.count("'") or _other_function(gold, answer):
        return False
    if _PLAIN.fullmatch(gold.name) and _PLAIN.fullmatch(answer.name):
        return equal_equations(compare, gold, answer)
    return compare.equal(gold.value, answer.value)


def equal_equations(compare: Comparing, gold: Shape, answer: Shape) -> bool:
    """Compare equations, named values among them; False where one is none."""
    one, other = _equation(gold), _equation(answer)
    if one is None or other is None:
        return False
    if (
        isinstance(gold, Named)
        and isinstance(answer, Named)
        and not (is_sum(gold.name) or is_sum(answer.name))
        and numeral(one[1])
        and numeral(other[1])
    ):
        return False  # x = 5 and y = 5
    return compare.algebra.same_equation(one, other)


def _equation(shape: Shape) -> tuple[str, str] | None:
    if isinstance(shape, Named) and isinstance(shape.value, Value) and not shape.value.percent:
        return shape.name, shape.value.formula
    if isinstance(shape, Relation) and shape.signs == ("=",):
        return shape.members[0], shape.members[1]
    return None


def _same_name(one: str, other: str) -> bool:
    bare = [re.sub(r"\\text|[{}\s]", "", name) for name in (one, other)]
    return bare[0] == bare[1] or (len(bare[0]) == 1 and bare[0].lower() == bare[1].lower())


def _other_function(gold: Named, answer: Named) -> bool:
    one, other = _FUNCTION.fullmatch(gold.name), _FUNCTION.fullmatch(answer.name)
    return one is not None and other is not None and one[1] != other[1]


def _renamed(answer: Named, name: str) -> Shape | None:
    """The value of `f(t) = ...` in the variable of `f(x)`; None where functions differ."""
    one, other = _FUNCTION.fullmatch(name), _FUNCTION.fullmatch(answer.name)
    if one is None or other is None or one[1] != other[1] or not isinstance(answer.value, Value):
        return None
    if not re.fullmatch("[a-z]", one[2]) or not re.fullmatch("[a-z]", other[2]):
        return None
    pattern = rf"(?<![A-Za-z\\]){other[2]}(?![A-Za-z])"
    return replace(answer.value, formula=re.sub(pattern, one[2], answer.value.formula))
