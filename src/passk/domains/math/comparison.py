"""Whether an answer equals a gold answer, by their shapes; formulas are left to `algebra`."""

import re

from passk.domains.math import inequalities
from passk.domains.math.comparing import Algebra
from passk.domains.math.lists import equal_items
from passk.domains.math.measures import equal_values
from passk.domains.math.named_values import equal_named
from passk.domains.math.positional import equal_based, equal_ratios
from passk.domains.math.quantities import Value
from passk.domains.math.relations import equal_relations, equal_sets
from passk.domains.math.shapes import Based, Items, Named, Ratio, Relation, Shape, Words
from passk.domains.math.words import same_words


class ShapeComparison:
    """Compares shapes.

    Args:
        algebra: of formulas.
        relations: an inequality may stand for an interval.
    """

    def __init__(self, algebra: Algebra, *, relations: bool) -> None:
        self.algebra = algebra
        self.relations = relations

    def equal(self, gold: Shape, answer: Shape) -> bool:
        """Whether two shapes are equal.

        Raises:
            UnreadableError: a formula that decides cannot be read.
        """
        if gold == answer:
            return True
        if _either(gold, answer, Words):
            return _equal_words(gold, answer)
        if _either(gold, answer, Named):
            return equal_named(self, gold, answer)
        return self._equal_unnamed(gold, answer)

    def _equal_unnamed(self, gold: Shape, answer: Shape) -> bool:
        if inequalities.is_set(gold) or inequalities.is_set(answer):
            return equal_sets(self, gold, answer)
        if _either(gold, answer, Items):
            return equal_items(self, gold, answer)
        if _either(gold, answer, Relation):
            return equal_relations(self, gold, answer)
        if _either(gold, answer, Based):
            return equal_based(gold, answer)
        if _either(gold, answer, Ratio):
            return equal_ratios(gold, answer)
        return equal_values(self, gold, answer)


def _either(gold: Shape, answer: Shape, kind: type) -> bool:
    return isinstance(gold, kind) or isinstance(answer, kind)


def _equal_words(gold: Shape, answer: Shape) -> bool:
    texts = [_text(shape) for shape in (gold, answer)]
    if isinstance(gold, Value) and re.fullmatch("[a-z]{3}", gold.formula):
        # Letters in the order of the alphabet are a product; in another order, a word.
        return sorted(gold.formula) == sorted(str(texts[1]).strip())
    if texts[0] is None or texts[1] is None:
        if (
            isinstance(gold, Words)
            and isinstance(answer, Items)
            and re.fullmatch("[A-J]{2,10}", gold.text)
        ):
            return [_text(item) for item in answer.items] == list(gold.text)
        return False
    return same_words(texts[0], texts[1])


def _text(shape: Shape) -> str | None:
    if isinstance(shape, Words):
        return shape.text
    if isinstance(shape, Value) and not shape.percent:
        return f"{shape.formula} {shape.unit}".strip()
    return None
