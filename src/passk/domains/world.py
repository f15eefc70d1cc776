r"""What a generated world offers: problems on a difficulty ladder, a corpus, a parser of chains.

Example:
    >>> from passk.domains.worlds import WORLDS
    >>> digits = WORLDS["digits"]
    >>> problem = digits.problem("indomain", ("nested",), level=1, skew=0.0, key=(1, 0))
    >>> digits.chain_valid(problem.question, problem.solution, problem.tests)
    True
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from passk.core.images import StoredImage


@dataclass(frozen=True)
class GeneratedProblem:
    """One generated problem.

    Attributes:
        question: what a model sees.
        answer: the one right answer, as a grader reads it.
        family: the problem family.
        level: the step of the difficulty ladder, from 1.
        solution: a valid chain that ends in the answer; for code a right response.
        tests: hidden tests as JSON (`passk.domains.code.test_cases.Tests`), or what the image
            shows; None: judged by the answer, and there is no image.
        starter_code: what the question gives to begin with, or None.
        choices: answers to choose from, the right one among them; None: none are given.
        image: what the question is about; None where it says all.
    """

    question: str
    answer: str
    family: str
    level: int
    solution: str
    tests: str | None = None
    starter_code: str | None = None
    choices: tuple[str, ...] | None = None
    image: StoredImage | None = None


@dataclass(frozen=True)
class Document:
    """One text of a corpus: a question, and a response that may follow a wrong strategy.

    Attributes:
        question, response: texts.
        starter_code: what the question gives to begin with, or None.
        image: what the question is about, as it was drawn; None where it says all.
    """

    question: str
    response: str
    starter_code: str | None = None
    image: Image.Image | None = None


@dataclass(frozen=True)
class Mixture:
    """How a corpus is mixed.

    Attributes:
        families: family -> weight.
        levels: level -> weight.
        skew: popularity of operations falls with rank as rank ** -skew; 0 is uniform.
        noise: probability that a step applies an operation drawn by popularity alone.
        habit: probability that a step takes the usual case of a function for granted.
        withheld: operations that no document performs; another, drawn by popularity, takes
            their place.
    """

    families: Mapping[str, float]
    levels: Mapping[int, float]
    skew: float
    noise: float
    habit: float
    withheld: Collection[str] = ()


class World(Protocol):
    """A generated world. All methods are pure: equal arguments give equal results."""

    name: str
    domain: str  # as in the problem table: math | code | visual
    answer_type: str  # likewise
    families: tuple[str, ...]
    operations: tuple[str, ...]
    splits: tuple[str, ...]
    max_level: int

    def least_level(self, family: str) -> int:
        """The level at which a family begins."""
        ...

    def problem(
        self, split: str, families: Sequence[str], level: int, skew: float, key: Hashable
    ) -> GeneratedProblem:
        """One problem of a split; `key` identifies it, and seeds its draws."""
        ...

    def document(self, mixture: Mixture, key: Hashable) -> Document:
        """One document of the corpus, never a problem of any split."""
        ...

    def chain_valid(self, question: str, response: str, shown: str | None) -> bool | None:
        """Whether the response solves the question by valid steps; None: cannot be read so.

        Args:
            question: of a problem.
            response: to it.
            shown: the problem's `tests`: for an image, what it shows.
        """
        ...
