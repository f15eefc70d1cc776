"""What comparisons of shapes share: how formulas are compared, and how parts are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from passk.domains.math.shapes import Shape


class UnreadableError(ValueError):
    """A formula that no parser reads."""


@dataclass(frozen=True)
class Algebra:
    """How formulas are compared; each may raise UnreadableError.

    Attributes:
        same: whether two formulas are equal.
        same_equation: whether two equations are.
        sign_of_ratio: see `algebra.sign_of_ratio`.
    """

    same: Callable[[str, str], bool]
    same_equation: Callable[[tuple[str, str], tuple[str, str]], bool]
    sign_of_ratio: Callable[[tuple[str, str], tuple[str, str]], int]


class Comparing(Protocol):
    """Compares shapes.

    Attributes:
        algebra: of formulas.
        relations: an inequality may stand for an interval.
    """

    algebra: Algebra
    relations: bool

    def equal(self, gold: Shape, answer: Shape) -> bool:
        """Whether two shapes are equal."""
        ...
