"""Comparing equations, inequalities, and the sets of numbers that they name."""

import re

from passk.domains.math import inequalities
from passk.domains.math.comparing import Comparing
from passk.domains.math.lists import equal_items, equal_lists
from passk.domains.math.named_values import equal_equations
from passk.domains.math.quantities import Value
from passk.domains.math.shapes import Items, Relation, Shape

_VARIABLE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]")


def equal_sets(compare: Comparing, gold: Shape, answer: Shape) -> bool:
    """Compare sets of numbers: in brackets, by inequalities, or `x in ...`."""
    if _differ_in_name(gold, answer) or not (compare.relations or _may_stand(gold, answer)):
        return False
    one, other = inequalities.as_set(gold), inequalities.as_set(answer)
    if one is None or other is None:
        return _equal_otherwise(compare, gold, answer)
    if len(one) == len(other) == 1:
        return equal_items(compare, one[0], other[0])
    return len(one) == len(other) and equal_lists(compare, one, other)


def _differ_in_name(gold: Shape, answer: Shape) -> bool:
    if not isinstance(gold, Relation) or not isinstance(answer, Relation):
        return False
    one, other = inequalities.name_of(gold), inequalities.name_of(answer)
    return one is not None and other is not None and one != other


def _may_stand(gold: Shape, answer: Shape) -> bool:
    """Whether an answer may stand for a gold interval without the option for that."""
    if not inequalities.is_bare(gold) or inequalities.is_bare(answer):
        return True
    return not isinstance(answer, Relation) or "\\in" in answer.signs


def _equal_otherwise(compare: Comparing, gold: Shape, answer: Shape) -> bool:
    if isinstance(gold, Relation) and isinstance(answer, Relation):
        return equal_relations(compare, gold, answer)
    if isinstance(gold, Items) and isinstance(answer, Items):
        return "∪" not in (gold.brackets, answer.brackets) and equal_items(compare, gold, answer)
    return False


def equal_relations(compare: Comparing, gold: Shape, answer: Shape) -> bool:
    """Compare shapes of which one is a relation at least."""
    if isinstance(gold, Relation) and isinstance(answer, Relation):
        return _equal_chains(compare, inequalities.upward(gold), inequalities.upward(answer))
    if not isinstance(answer, Relation) or not isinstance(gold, Value):
        return False
    # A chain of values without a name, `2 + 3 = 5`, states a value if it is true.
    if set(answer.signs) != {"="} or any(map(_VARIABLE.search, answer.members)):
        return False
    return all(compare.algebra.same(gold.formula, member) for member in answer.members)


def _sides(relation: Relation) -> tuple[str, str]:
    return relation.members[0], relation.members[1]


def _equal_chains(compare: Comparing, gold: Relation, answer: Relation) -> bool:
    if gold.signs != answer.signs or len(gold.members) != len(answer.members):
        return False
    if gold.signs == ("=",):
        return equal_equations(compare, gold, answer)
    pairs = list(zip(gold.members, answer.members, strict=True))
    if all(one.replace(" ", "") == other.replace(" ", "") for one, other in pairs):
        return True
    if not all(all(pair) for pair in pairs):
        return False
    if gold.signs[0] in ("<", "\\le", "\\ne") and len(pairs) == 2:
        sign = compare.algebra.sign_of_ratio(_sides(gold), _sides(answer))
        return sign > 0 or (sign < 0 and gold.signs[0] == "\\ne")
    return all(compare.algebra.same(*pair) for pair in pairs)
