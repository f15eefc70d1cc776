"""Whether an answer equals a gold answer, by their shapes; formulas are left to `algebra`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from passk.domains.math import inequalities
from passk.domains.math.numerals import numeral
from passk.domains.math.quantities import Value
from passk.domains.math.shapes import Based, Items, Named, Ratio, Relation, Shape, Words, is_sum
from passk.domains.math.units import Unit, read_unit
from passk.domains.math.words import same_counted, same_words

_EMPTY = Value(r"\emptyset")
_RESIDUE = re.compile(r"(.*?)\s*\(?\s*\\?(?:p|b)?mod\s*\{?\s*(\d+)\s*\}?\s*\)?")


class UnreadableError(ValueError):
    """A formula that no parser reads."""


@dataclass(frozen=True)
class Algebra:
    """How formulas are compared.

    Attributes:
        same: whether two formulas are equal.
        same_equation: whether two equations are.
        sign_of_ratio: see `algebra.sign_of_ratio`.
    """

    same: Callable[[str, str], bool]
    same_equation: Callable[[tuple[str, str], tuple[str, str]], bool]
    sign_of_ratio: Callable[[tuple[str, str], tuple[str, str]], int]


class Comparison:
    """Compares shapes.

    Args:
        algebra: of formulas.
        relations: an inequality may stand for an interval.
    """

    def __init__(self, algebra: Algebra, *, relations: bool) -> None:
        self._algebra = algebra
        self._relations = relations

    def equal(self, gold: Shape, answer: Shape) -> bool:
        """Whether two shapes are equal.

        Raises:
            UnreadableError: a formula that decides cannot be read.
        """
        if gold == answer:
            return True
        if isinstance(gold, Words) or isinstance(answer, Words):
            return _equal_words(gold, answer)
        if isinstance(gold, Named) or isinstance(answer, Named):
            return self._equal_named(gold, answer)
        if inequalities.is_set(gold) or inequalities.is_set(answer):
            return self._equal_sets(gold, answer)
        if isinstance(gold, Items) or isinstance(answer, Items):
            return self._equal_items(gold, answer)
        if isinstance(gold, Relation) or isinstance(answer, Relation):
            return self._equal_relations(gold, answer)
        if isinstance(gold, Based) or isinstance(answer, Based):
            return _equal_based(gold, answer)
        if isinstance(gold, Ratio) or isinstance(answer, Ratio):
            return _equal_ratios(gold, answer)
        return self._equal_values(gold, answer)

    # ---------------------------------------------------------------------------- names

    def _equal_named(self, gold: Shape, answer: Shape) -> bool:
        if isinstance(gold, Named) and isinstance(answer, Named):
            if _same_name(gold.name, answer.name):
                return self.equal(gold.value, answer.value)
            renamed = _renamed(answer, gold.name)
            if renamed is not None:
                return self.equal(gold.value, renamed)
            if is_sum(gold.name) or is_sum(answer.name):
                return self._equal_as_equations(gold, answer)
            if gold.name.count("'") != answer.name.count("'") or _other_function(gold, answer):
                return False
            if _plain_name(gold.name) and _plain_name(answer.name):
                return self._equal_as_equations(gold, answer)
            return self.equal(gold.value, answer.value)
        if isinstance(gold, Named):
            if isinstance(answer, Value) and is_sum(gold.name):
                return False
            if isinstance(answer, Relation) and set(answer.signs) == {"="}:
                return self._equal_as_equations(gold, answer)
            return self.equal(gold.value, answer)
        assert isinstance(answer, Named)
        if isinstance(gold, Relation):
            if set(gold.signs) == {"="}:
                return self._equal_as_equations(gold, answer)
            return gold.signs == ("\\in",) and self.equal(gold, answer.value)
        return self.equal(gold, answer.value)

    def _equal_as_equations(self, gold: Shape, answer: Shape) -> bool:
        sides = [_equation(shape) for shape in (gold, answer)]
        if sides[0] is None or sides[1] is None:
            return False
        if not any(re.search("[A-Za-z]", side) for side in (sides[0][1], sides[1][1])):
            numbers = [numeral(pair[1]) for pair in sides if pair]
            if all(isinstance(s, Named) for s in (gold, answer)) and all(numbers):
                return False  # x = 5 and y = 5
        return self._algebra.same_equation(sides[0], sides[1])

    # ---------------------------------------------------------------------------- several

    def _equal_items(self, gold: Shape, answer: Shape) -> bool:
        if not isinstance(gold, Items) or not isinstance(answer, Items):
            several, other = (gold, answer) if isinstance(gold, Items) else (answer, gold)
            assert isinstance(several, Items)
            if len(several.items) == 1 and several.items[0] != _EMPTY:
                pair = (several.items[0], other)
                return self.equal(*(pair if several is gold else pair[::-1]))
            return self._vector(gold, answer)
        for one, other in ((gold, answer), (answer, gold)):
            if one.brackets == "{}" and len(one.items) == 1 and other.brackets not in ("", "{}"):
                return self.equal(*((one.items[0], other) if one is gold else (other, one.items[0])))
        if len(gold.items) != len(answer.items):
            return False
        one, other = gold.brackets, answer.brackets
        if one in ("", "{}") and other in ("", "{}"):
            return self._equal_lists(gold.items, answer.items)
        if "{}" in (one, other):
            return False
        if len(gold.items) == 2 and (one or "()") != (other or "()"):
            return False
        return self._in_order(gold.items, answer.items)

    def _vector(self, gold: Shape, answer: Shape) -> bool:
        several, other = (gold, answer) if isinstance(gold, Items) else (answer, gold)
        if not isinstance(several, Items) or not isinstance(other, Value):
            return False
        match = re.fullmatch(
            r"\\begin\{[pb]matrix\}(.*)\\end\{[pb]matrix\}|\\langle(.*)\\rangle", other.formula
        )
        if match is None or several.brackets not in ("()", "[]", ""):
            return False
        parts = re.split(r"\\\\|&|,", match[1] or match[2])
        shapes = tuple(Value(part.strip()) for part in parts if part.strip())
        if len(shapes) != len(several.items):
            return False
        pair = (several.items, shapes) if several is gold else (shapes, several.items)
        return self._in_order(*pair)

    def _in_order(self, gold: Sequence[Shape], answer: Sequence[Shape]) -> bool:
        return all(self.equal(*pair) for pair in zip(gold, answer, strict=True))

    def _equal_lists(self, gold: Sequence[Shape], answer: Sequence[Shape]) -> bool:
        """Whether each finds its own partner, in whatever order."""
        named = [all(isinstance(item, Named) for item in items) for items in (gold, answer)]
        if named[0] and not any(isinstance(item, Named) for item in answer):
            distinct = {item.name for item in gold if isinstance(item, Named)}
            if len(distinct) > 1:
                return self._in_order([_value(item) for item in gold], answer)
        if all(named):
            gold, answer = _without_indices(gold), _without_indices(answer)
        left = list(answer)
        for item in gold:
            for place, candidate in enumerate(left):
                if self.equal(item, candidate):
                    del left[place]
                    break
            else:
                return False
        return True

    # ---------------------------------------------------------------------------- relations

    def _equal_sets(self, gold: Shape, answer: Shape) -> bool:
        """Sets of numbers, in brackets, by inequalities, or `x in ...`."""
        if isinstance(gold, Relation) and isinstance(answer, Relation):
            names = inequalities.name_of(gold), inequalities.name_of(answer)
            if None not in names and names[0] != names[1]:
                return False
        if not self._relations and inequalities.is_bare(gold) != inequalities.is_bare(answer):
            written = answer if inequalities.is_bare(gold) else gold
            if (
                inequalities.is_bare(gold)
                and isinstance(written, Relation)
                and ("\\in" not in written.signs)
            ):
                return False
        sets = inequalities.as_set(gold), inequalities.as_set(answer)
        if sets[0] is None or sets[1] is None:
            if isinstance(gold, Relation) and isinstance(answer, Relation):
                return self._equal_relations(gold, answer)
            if (
                isinstance(gold, Items)
                and isinstance(answer, Items)
                and not (gold.brackets == "∪" or answer.brackets == "∪")
            ):
                return self._equal_items(gold, answer)
            return False
        if len(sets[0]) != len(sets[1]):
            return False
        if len(sets[0]) == 1:
            return self._equal_items(sets[0][0], sets[1][0])
        return self._equal_lists(sets[0], sets[1])

    def _equal_relations(self, gold: Shape, answer: Shape) -> bool:
        if isinstance(gold, Relation) and isinstance(answer, Relation):
            gold, answer = inequalities.upward(gold), inequalities.upward(answer)
            if gold.signs == answer.signs and len(gold.members) == len(answer.members):
                if gold.signs == ("=",):
                    return self._equal_as_equations(gold, answer)
                pairs = list(zip(gold.members, answer.members, strict=True))
                if [a.replace(" ", "") for a, _ in pairs] == [b.replace(" ", "") for _, b in pairs]:
                    return True
                if (
                    len(pairs) == 2
                    and gold.signs[0] in ("<", "\\le", "\\ne")
                    and all(all(pair) for pair in pairs)
                ):
                    sign = self._algebra.sign_of_ratio(_pair(gold), _pair(answer))
                    return sign > 0 or (sign < 0 and gold.signs[0] == "\\ne")
                return all(a and b and self._algebra.same(a, b) for a, b in pairs)
            return False
        relation, other = (gold, answer) if isinstance(gold, Relation) else (answer, gold)
        assert isinstance(relation, Relation)
        if relation is gold or set(relation.signs) != {"="} or not isinstance(other, Value):
            return False
        # A chain of values without a name, `2 + 3 = 5`, states a value if it is true.
        if any(re.search(r"(?<![\\A-Za-z])[A-Za-z]", member) for member in relation.members):
            return False
        return all(self._algebra.same(other.formula, member) for member in relation.members)

    # ---------------------------------------------------------------------------- values

    def _equal_values(self, gold: Shape, answer: Shape) -> bool:
        assert isinstance(gold, Value)
        assert isinstance(answer, Value)
        units = read_unit(gold.unit), read_unit(answer.unit)
        if gold.unit and answer.unit:
            if units[0] is None and units[1] is None:
                if not same_counted(gold.unit, answer.unit):
                    return False
            elif units[0] is not None and units[1] is not None and units[0] != units[1]:
                return self._equal_units(gold, answer, units[0], units[1])
        same = self._algebra.same
        residues = _RESIDUE.fullmatch(gold.formula), _RESIDUE.fullmatch(answer.formula)
        if residues[0] or residues[1]:
            moduli = {match[2] for match in residues if match}
            left = residues[0][1] if residues[0] else gold.formula
            return len(moduli) == 1 and same(
                left, residues[1][1] if residues[1] else answer.formula
            )
        if gold.percent == answer.percent:
            return same(gold.formula, answer.formula) or self._radians(gold, answer)
        if gold.percent:
            return same(gold.formula, answer.formula) or same(
                _hundredth(gold.formula), answer.formula
            )
        if same(gold.formula, _hundredth(answer.formula)):
            return True
        number = numeral(gold.formula)
        return (number is None or abs(number.value) >= 1) and same(gold.formula, answer.formula)

    def _radians(self, gold: Value, answer: Value) -> bool:
        """Whether one is in degrees, and the other the same angle with pi."""
        degrees = [read_unit(value.unit) for value in (gold, answer)]
        for place, (value, other) in enumerate(((gold, answer), (answer, gold))):
            unit = degrees[place]
            if (
                unit is not None
                and unit.dimension == (("degree", 1),)
                and not other.unit
                and ("\\pi" in other.formula)
            ):
                radians = rf"\frac{{({value.formula}) \cdot \pi}}{{180}}"
                pair = (radians, other.formula)
                return self._algebra.same(*(pair if value is gold else pair[::-1]))
        return False

    def _equal_units(self, gold: Value, answer: Value, one: Unit, other: Unit) -> bool:
        if {one.dimension, other.dimension} == {(("degree", 1),), (("radian", 1),)}:
            if one.dimension == (("degree", 1),):
                return self._radians(gold, replace(answer, unit=""))
            return self._radians(replace(gold, unit=""), answer)
        if one.dimension != other.dimension:
            neutral = () in (one.dimension, other.dimension)
            return neutral and self._algebra.same(gold.formula, answer.formula)
        factor = other.factor / one.factor
        if factor == 1:
            return self._algebra.same(gold.formula, answer.formula)
        return self._algebra.same(gold.formula, _scaled(answer.formula, factor))


def _scaled(formula: str, factor: Fraction) -> str:
    if (number := numeral(formula)) is not None:
        value = number.value * factor
        return str(value.numerator) if value.denominator == 1 else (
            rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
        )  # fmt: skip
    return rf"({formula}) \cdot \frac{{{factor.numerator}}}{{{factor.denominator}}}"


def _hundredth(formula: str) -> str:
    if (number := numeral(formula)) is not None:
        value = number.value / 100
        if not number.exact:
            digits = len(formula.partition(".")[2]) + 2
            if digits < 60 and value * 10**digits % 1 == 0:
                whole = abs(value.numerator * 10**digits // value.denominator)
                text = str(whole).zfill(digits + 1)
                return f"{'-' if value < 0 else ''}{text[:-digits]}.{text[-digits:]}"
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    return rf"\frac{{{formula}}}{{100}}"


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


def _equal_based(gold: Shape, answer: Shape) -> bool:
    if isinstance(gold, Based) and isinstance(answer, Based):
        if gold.base == answer.base:
            return gold.digits.lstrip("0") == answer.digits.lstrip("0")
        values = (
            inequalities.base_value(gold.digits, gold.base),
            inequalities.base_value(answer.digits, answer.base),
        )
        return values[0] is not None and values[0] == values[1]
    based, other = (gold, answer) if isinstance(gold, Based) else (answer, gold)
    if not isinstance(based, Based) or not isinstance(other, Value):
        return False
    value = inequalities.base_value(based.digits, based.base)
    if value is None:
        return False
    if other.formula.replace(" ", "").upper().lstrip("0") == based.digits.lstrip("0"):
        return True
    number = numeral(other.formula)
    return number is not None and number.value == value


def _equal_ratios(gold: Shape, answer: Shape) -> bool:
    if isinstance(gold, Ratio) and isinstance(answer, Ratio):
        if gold.half and answer.half and gold.half != answer.half:
            return False
        numbers = [[Fraction(part) for part in ratio.parts] for ratio in (gold, answer)]
        if len(numbers[0]) != len(numbers[1]):
            return False
        if numbers[0] == numbers[1]:
            return True
        if gold.half or answer.half or not numbers[0][0] or not numbers[1][0]:
            return False
        return all(a * numbers[1][0] == b * numbers[0][0] for a, b in zip(*numbers, strict=True))
    ratio, other = (gold, answer) if isinstance(gold, Ratio) else (answer, gold)
    if not isinstance(ratio, Ratio) or not isinstance(other, Value) or ratio.half:
        return False
    number = numeral(other.formula)
    if number is None or len(ratio.parts) != 2 or not Fraction(ratio.parts[1]):
        return False
    return number.value == Fraction(ratio.parts[0]) / Fraction(ratio.parts[1])


def _value(shape: Shape) -> Shape:
    return shape.value if isinstance(shape, Named) else shape


def _without_indices(items: Sequence[Shape]) -> list[Shape]:
    """`x_1 = 2, x_2 = 5`: which root has which number means nothing."""
    named = [item for item in items if isinstance(item, Named)]
    bases = {re.sub(r"_\s?\{?\d\}?", "", item.name) for item in named}
    return [item.value for item in named] if len(bases) == 1 else list(items)


def _other_function(one: Named, other: Named) -> bool:
    names = [re.fullmatch(r"([A-Za-z])\([^()]*\)", named.name) for named in (one, other)]
    return names[0] is not None and names[1] is not None and names[0][1] != names[1][1]


def _plain_name(name: str) -> bool:
    return re.fullmatch(r"\\?[A-Za-z]+(?:_\{?\w+\}?)?", name) is not None


def _same_name(one: str, other: str) -> bool:
    bare = [re.sub(r"\\text|[{}\s]", "", name) for name in (one, other)]
    return bare[0] == bare[1] or (len(bare[0]) == 1 and bare[0].lower() == bare[1].lower())


def _renamed(answer: Named, name: str) -> Shape | None:
    """The value of `f(t) = ...` in the variable of `f(x)`; None where functions differ."""
    pattern = r"([A-Za-z](?:_\{?\w+\}?)?)\(([a-z])\)"
    one, other = re.fullmatch(pattern, name), re.fullmatch(pattern, answer.name)
    if one is None or other is None or one[1] != other[1] or not isinstance(answer.value, Value):
        return None
    formula = re.sub(rf"(?<![A-Za-z\\]){other[2]}(?![A-Za-z])", one[2], answer.value.formula)
    return replace(answer.value, formula=formula)


def _equation(shape: Shape) -> tuple[str, str] | None:
    if isinstance(shape, Named) and isinstance(shape.value, Value) and not shape.value.percent:
        return shape.name, shape.value.formula
    if isinstance(shape, Relation) and shape.signs == ("=",):
        return _pair(shape)
    return None


def _pair(relation: Relation) -> tuple[str, str]:
    return relation.members[0], relation.members[1]
