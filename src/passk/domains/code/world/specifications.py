"""Specifications: steps in words, and the ways in which a question may ask for them.

A phrase names one operation. Many phrases are easily misread: `usual` is what is taken for
granted by who does not look (a bound that is counted or not, the order, the empty list). One
joint is misread as easily: "B but first A" asks for A, then B.

    function    def f(xs): with a docstring, as HumanEval asks
    sentence    one sentence and an assertion, as MBPP asks
    method      a sentence; the starter code is a class, as LeetCode asks
"""

from dataclasses import dataclass
from typing import NamedTuple

from passk.domains.code.world.operations import END, Step, meaning, takes_constant

FAMILIES: tuple[str, ...] = ("function", "sentence", "method")
STARTER = "class Solution:\n    def f(self, xs):\n"


class Phrase(NamedTuple):
    """Words, the operation they ask for, and the one that they are usually taken for."""

    words: str
    operation: str
    usual: str


# In order of popularity in a corpus, middle steps and last steps apart.
MIDDLE: tuple[Phrase, ...] = (
    Phrase("keep even numbers", "even", "even"),
    Phrase("square each", "square", "square"),
    Phrase("sort", "ascending", "ascending"),
    Phrase("keep numbers over {k}", "above", "from"),
    Phrase("add {k} to each", "add", "add"),
    Phrase("take the first {k}", "first", "first"),
    Phrase("keep odd numbers", "odd", "odd"),
    Phrase("reverse", "reverse", "reverse"),
    Phrase("multiply each by {k}", "multiply", "multiply"),
    Phrase("keep numbers under {k}", "below", "up to"),
    Phrase("sort downwards", "descending", "ascending"),
    Phrase("double each", "double", "double"),
    Phrase("drop repeats", "unique", "set"),
    Phrase("keep numbers from {k}", "from", "above"),
    Phrase("skip the first {k}", "skip", "first"),
    Phrase("keep multiples of {k}", "multiples", "multiples"),
    Phrase("subtract {k} from each", "subtract", "subtract"),
    Phrase("take the last {k}", "last", "skip"),
    Phrase("keep numbers up to {k}", "up to", "below"),
    Phrase("drop multiples of {k}", "others", "multiples"),
    Phrase("divide each by {k}", "divide", "truncate"),
    Phrase("take every second", "seconds", "alternate"),
    Phrase("take absolute values", "size", "size"),
    Phrase("drop the last {k}", "shorten", "last"),
    Phrase("drop negative numbers", "nonnegative", "positive"),
    Phrase("take each modulo {k}", "remainder", "divide"),
    Phrase("take differences", "changes", "falls"),
    Phrase("negate each", "negate", "negate"),
)
LAST: tuple[Phrase, ...] = (
    Phrase("add up", "sum", "sum"),
    Phrase("count", "count", "count"),
    Phrase("find the largest or 0", "largest", "some largest"),
    Phrase("count distinct numbers", "distinct", "count"),
    Phrase("find the smallest or 0", "smallest", "some smallest"),
)


@dataclass(frozen=True)
class Specification:
    """What a program shall do.

    Attributes:
        phrases: in the order in which they apply.
        constants: of each phrase; None where it has none.
        turned: whether the words name the second step before the first ("B but first A").
    """

    phrases: tuple[Phrase, ...]
    constants: tuple[int | None, ...]
    turned: bool

    @property
    def steps(self) -> tuple[Step, ...]:
        """The right steps."""
        return tuple(self.step(i, phrase.operation) for i, phrase in enumerate(self.phrases))

    def step(self, index: int, operation: str) -> Step:
        """An operation with a phrase's constant, where both have one."""
        return Step(operation, self.constants[index] if takes_constant(operation) else None)

    @property
    def meaning(self) -> tuple[tuple[str, int | None], ...]:
        """What identifies it, whatever its words."""
        return meaning(self.steps)

    def misreadings(self) -> list[tuple[Step, ...]]:
        """Programs of who misreads one thing: a phrase, or the order of a turned joint."""
        right = self.steps
        found = [
            (*right[:i], self.step(i, phrase.usual), *right[i + 1 :])
            for i, phrase in enumerate(self.phrases)
            if phrase.usual != phrase.operation
        ]
        return [*found, (right[1], right[0], *right[2:])] if self.turned else found


def can_turn(phrases: tuple[Phrase, ...]) -> bool:
    """Whether the second of some phrases can be named first: it must not end the program."""
    return len(phrases) > 1 and Step(phrases[1].operation).kind != END


def words(specification: Specification) -> str:
    """A specification in words.

    Example:
        >>> even, square = MIDDLE[0], MIDDLE[1]
        >>> words(Specification((even, square, LAST[0]), (None,) * 3, turned=False))
        'keep even numbers, square each, add up'
        >>> words(Specification((even, square, LAST[0]), (None,) * 3, turned=True))
        'square each but first keep even numbers, add up'
    """
    said = [
        phrase.words.format(k=constant)
        for phrase, constant in zip(specification.phrases, specification.constants, strict=True)
    ]
    if specification.turned:
        said[:2] = [f"{said[1]} but first {said[0]}"]
    return ", ".join(said)


def question(specification: Specification, family: str, example: str) -> str:
    """What a model is asked; `example` is an assertion that the reference fulfils."""
    said = words(specification)
    match family:
        case "function":
            return f'def f(xs):\n    """Given xs, {said}."""'
        case "sentence":
            return f"Write f(xs) to {said}.\n{example}"
        case "method":
            return f"Given xs, {said}."
    raise ValueError(f"family {family!r}: legal are {', '.join(FAMILIES)}")
