r"""What kind of answer a text is: words, a number with its unit, a list, a named value, a relation.

Everything that is a formula without such structure is a `Value`, whole, for algebra to compare.
"""

from dataclasses import dataclass, field

from passk.domains.math.quantities import Value


@dataclass(frozen=True)
class Words:
    """A name, a phrase, a choice: compared as text."""

    text: str


@dataclass(frozen=True)
class Based:
    """Digits in a base other than ten: `52_8`."""

    digits: str
    base: int


@dataclass(frozen=True)
class Ratio:
    """Numbers joined by colons, as ratios and times of day are; `half` is `am`, `pm` or empty."""

    parts: tuple[str, ...]
    half: str = ""


@dataclass(frozen=True)
class Items:
    """Several answers.

    Attributes:
        brackets: empty for a bare list, else what opens and closes.
        items: the answers.
        alternatives: the word `or` alone joins them, so that they may be one answer twice.
    """

    brackets: str
    items: tuple["Shape", ...]
    alternatives: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Named:
    """A name that stands for a value: `x = 5`, `f(x) = x^2`."""

    name: str
    value: "Shape"


@dataclass(frozen=True)
class Relation:
    """Formulas with relations between them: `2 < x < 3`, `x^2 + y^2 = 1`."""

    members: tuple[str, ...]
    signs: tuple[str, ...]


Shape = Words | Based | Ratio | Items | Named | Relation | Value
