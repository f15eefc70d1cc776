"""Comparing values: formulas with their units and percent signs."""

import re
from dataclasses import replace
from fractions import Fraction

from passk.domains.math.comparing import Comparing
from passk.domains.math.numerals import numeral
from passk.domains.math.quantities import Value
from passk.domains.math.shapes import Shape
from passk.domains.math.units import Dimension, Unit, read_unit
from passk.domains.math.words import same_counted

_RESIDUE = re.compile(r"(.*?)\s*\(?\s*\\?(?:p|b)?mod\s*\{?\s*(\d+)\s*\}?\s*\)?")
_DEGREES: Dimension = (("degree", 1),)
_RADIANS: Dimension = (("radian", 1),)
_LONGEST_DECIMAL = 60


def equal_values(compare: Comparing, gold: Shape, answer: Shape) -> bool:
    """Compare formulas, and what stands around them."""
    if not isinstance(gold, Value) or not isinstance(answer, Value):
        return False
    one, other = read_unit(gold.unit), read_unit(answer.unit)
    if one is not None and other is not None and one != other:
        return _equal_units(compare, gold, answer, one, other)
    if one is None and other is None and not same_counted(gold.unit, answer.unit):
        return False
    residues = _RESIDUE.fullmatch(gold.formula), _RESIDUE.fullmatch(answer.formula)
    if residues[0] or residues[1]:
        return _equal_residues(compare, gold, answer, residues)
    if gold.percent != answer.percent:
        return _equal_percentages(compare, gold, answer)
    return compare.algebra.same(gold.formula, answer.formula) or _equal_angles(
        compare, gold, answer, one, other
    )


def _equal_residues(
    compare: Comparing,
    gold: Value,
    answer: Value,
    residues: tuple[re.Match[str] | None, re.Match[str] | None],
) -> bool:
    """Compare residues; an answer may leave the modulus of the gold out."""
    one, other = residues
    if one is None:
        return False
    if one and other and one[2] != other[2]:
        return False
    return compare.algebra.same(one[1], other[1] if other else answer.formula)


def _equal_percentages(compare: Comparing, gold: Value, answer: Value) -> bool:
    """Compare a percentage with a number: 20% is 0.2, and 20 where percent are asked for.

    Of a gold below 1 only the first: 0.5 is not 0.5%.
    """
    same = compare.algebra.same
    if gold.percent:
        return same(gold.formula, answer.formula) or same(_hundredth(gold.formula), answer.formula)
    if same(gold.formula, _hundredth(answer.formula)):
        return True
    number = numeral(gold.formula)
    return (number is None or abs(number.value) >= 1) and same(gold.formula, answer.formula)


def _equal_angles(
    compare: Comparing, gold: Value, answer: Value, one: Unit | None, other: Unit | None
) -> bool:
    """Whether one is in degrees, and the other the same angle with pi."""
    if one is not None and one.dimension == _DEGREES and "\\pi" in answer.formula:
        return other is None and compare.algebra.same(_radians(gold), answer.formula)
    if other is not None and other.dimension == _DEGREES and "\\pi" in gold.formula:
        return one is None and compare.algebra.same(gold.formula, _radians(answer))
    return False


def _radians(degrees: Value) -> str:
    return rf"\frac{{({degrees.formula}) \cdot \pi}}{{180}}"


def _equal_units(compare: Comparing, gold: Value, answer: Value, one: Unit, other: Unit) -> bool:
    dimensions = one.dimension, other.dimension
    if dimensions == (_DEGREES, _RADIANS):
        return _equal_angles(compare, gold, replace(answer, unit=""), one, None)
    if dimensions == (_RADIANS, _DEGREES):
        return _equal_angles(compare, replace(gold, unit=""), answer, None, other)
    if one.dimension != other.dimension and () not in dimensions:
        return False
    factor = other.factor / one.factor if one.dimension == other.dimension else Fraction(1)
    return compare.algebra.same(gold.formula, _scaled(answer.formula, factor))


def _scaled(formula: str, factor: Fraction) -> str:
    if factor == 1:
        return formula
    if (number := numeral(formula)) is None:
        return rf"({formula}) \cdot \frac{{{factor.numerator}}}{{{factor.denominator}}}"
    value = number.value * factor
    if value.denominator == 1:
        return str(value.numerator)
    return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"


def _hundredth(formula: str) -> str:
    r"""A hundredth of a number; of one with a decimal point, with its decimals.

    Example:
        >>> _hundredth("13.2"), _hundredth("20"), _hundredth("x")
        ('0.132', '\\frac{1}{5}', '\\frac{x}{100}')
    """
    if (number := numeral(formula)) is None:
        return rf"\frac{{{formula}}}{{100}}"
    value = number.value / 100
    digits = len(formula.partition(".")[2]) + 2
    if number.exact or digits > _LONGEST_DECIMAL or value * 10**digits % 1:
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    text = str(abs(int(value * 10**digits))).zfill(digits + 1)
    return f"{'-' if value < 0 else ''}{text[:-digits]}.{text[-digits:]}"
