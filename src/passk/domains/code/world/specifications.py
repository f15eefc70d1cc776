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

from passk.domains.code.world.operations import END, ProgramStep, meaning, takes_constant

FAMILIES: tuple[str, ...] = ("function", "sentence", "method")
STARTER = "class Solution:\n    def f(self, xs):\n"


class ProgramPhrase(NamedTuple):
    """Words, the operation they ask for, and the one that they are usually taken for."""

    words: str
    operation: str
    usual: str


# In order of popularity in a corpus, middle steps and last steps apart.
MIDDLE: tuple[ProgramPhrase, ...] = (
    ProgramPhrase("keep even numbers", "even", "even"),
    ProgramPhrase("square each", "square", "square"),
    ProgramPhrase("sort", "ascending", "ascending"),
    ProgramPhrase("keep numbers over {k}", "above", "from"),
    ProgramPhrase("add {k} to each", "add", "add"),
    ProgramPhrase("take the first {k}", "first", "first"),
    ProgramPhrase("keep odd numbers", "odd", "odd"),
    ProgramPhrase("reverse", "reverse", "reverse"),
    ProgramPhrase("multiply each by {k}", "multiply", "multiply"),
    ProgramPhrase("keep numbers under {k}", "below", "up to"),
    ProgramPhrase("sort downwards", "descending", "ascending"),
    ProgramPhrase("double each", "double", "double"),
    ProgramPhrase("drop repeats", "unique", "set"),
    ProgramPhrase("keep numbers from {k}", "from", "above"),
    ProgramPhrase("skip the first {k}", "skip", "first"),
    ProgramPhrase("keep multiples of {k}", "multiples", "multiples"),
    ProgramPhrase("subtract {k} from each", "subtract", "subtract"),
    ProgramPhrase("take the last {k}", "last", "skip"),
    ProgramPhrase("keep numbers up to {k}", "up to", "below"),
    ProgramPhrase("drop multiples of {k}", "others", "multiples"),
    ProgramPhrase("divide each by {k}", "divide", "truncate"),
    ProgramPhrase("take every second", "seconds", "alternate"),
    ProgramPhrase("take absolute values", "size", "size"),
    ProgramPhrase("drop the last {k}", "shorten", "last"),
    ProgramPhrase("drop negative numbers", "nonnegative", "positive"),
    ProgramPhrase("take each modulo {k}", "remainder", "divide"),
    ProgramPhrase("take differences", "changes", "falls"),
    ProgramPhrase("negate each", "negate", "negate"),
)
LAST: tuple[ProgramPhrase, ...] = (
    ProgramPhrase("add up", "sum", "sum"),
    ProgramPhrase("count", "count", "count"),
    ProgramPhrase("find the largest or 0", "largest", "some largest"),
    ProgramPhrase("count distinct numbers", "distinct", "count"),
    ProgramPhrase("find the smallest or 0", "smallest", "some smallest"),
)


@dataclass(frozen=True)
class Specification:
    """What a program shall do.

    Attributes:
        phrases: in the order in which they apply.
        constants: of each phrase; None where it has none.
        turned: whether the words name the second step before the first ("B but first A").
    """

    phrases: tuple[ProgramPhrase, ...]
    constants: tuple[int | None, ...]
    turned: bool

    @property
    def steps(self) -> tuple[ProgramStep, ...]:
        """The right steps."""
        return tuple(self.step(i, phrase.operation) for i, phrase in enumerate(self.phrases))

    def step(self, index: int, operation: str) -> ProgramStep:
        """An operation with a phrase's constant, where both have one."""
        return ProgramStep(operation, self.constants[index] if takes_constant(operation) else None)

    @property
    def meaning(self) -> tuple[tuple[str, int | None], ...]:
        """What identifies it, whatever its words."""
        return meaning(self.steps)

    def misreadings(self) -> list[tuple[ProgramStep, ...]]:
        """Programs of who misreads one thing: a phrase, or the order of a turned joint."""
        right = self.steps
        misread = [
            (*right[:i], self.step(i, phrase.usual), *right[i + 1 :])
            for i, phrase in enumerate(self.phrases)
            if phrase.usual != phrase.operation
        ]
        return [*misread, (right[1], right[0], *right[2:])] if self.turned else misread


def can_turn(phrases: tuple[ProgramPhrase, ...]) -> bool:
    """Whether the second of some phrases can be named first: it must not end the program."""
    return len(phrases) > 1 and ProgramStep(phrases[1].operation).kind != END


def words(specification: Specification) -> str:
    """A specification in words.

    Example:
        >>> even, square = MIDDLE[0], MIDDLE[1]
        >>> words(Specification((even, square, LAST[0]), (None,) * 3, turned=False))
        'keep even numbers, square each, add up'
        >>> words(Specification((even, square, LAST[0]), (None,) * 3, turned=True))
        'square each but first keep even numbers, add up'
    """
    clauses = [
        phrase.words.format(k=constant)
        for phrase, constant in zip(specification.phrases, specification.constants, strict=True)
    ]
    if specification.turned:
        clauses[:2] = [f"{clauses[1]} but first {clauses[0]}"]
    return ", ".join(clauses)


def question(specification: Specification, family: str, example: str) -> str:
    """What a model is asked; `example` is an assertion that the reference fulfils."""
    task = words(specification)
    match family:
        case "function":
            return f'def f(xs):\n    """Given xs, {task}."""'
        case "sentence":
            return f"Write f(xs) to {task}.\n{example}"
        case "method":
            return f"Given xs, {task}."
    raise ValueError(f"family {family!r}: legal are {', '.join(FAMILIES)}")
