"""The `programs` world: short specifications over a list of whole numbers, answered in Python.

A question names one to four steps; a response is a program; hidden tests decide. A corpus answers
badly, as a real one does: a step may be noise, an operation that is popular and has nothing to do
with the words, or follow the usual reading of words that are easily misread (see
`specifications`). So a model learns to write every operation and what words may stand for, and
prefers the popular and the usual. A corpus may also withhold operations.

Splits: specifications are divided by what they ask a program to do (see `behaviour`), not by their
words, steps or style, so that none of one split can occur in another, nor in a corpus, whatever
the seeds. There are few of
one step (about a hundred, a dozen in each part of the space); the levels above have thousands.
"""

import random
from collections.abc import Hashable, Sequence
from functools import cache

from passk.core.digests import seed
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests
from passk.domains.code.world import cases
from passk.domains.code.world.behaviour import behaviour
from passk.domains.code.world.operations import END, OPERATIONS, ProgramStep, takes_constant
from passk.domains.code.world.specifications import (
    FAMILIES,
    LAST,
    MIDDLE,
    STARTER,
    ProgramPhrase,
    Specification,
    can_turn,
    question,
)
from passk.domains.code.world.writing import FENCE, MANNERS, write
from passk.domains.world import Document, GeneratedProblem, Mixture

MAX_LEVEL = 4
_SPLITS = {"train": (0, 1), "functions": (2,), "sentences": (3,), "hard": (4,)}
_CORPUS = (5, 6, 7, 8, 9)
_PARTS = 10
_ENDING, _TURNED = 0.4, 0.25  # how often a specification ends in a number; has a turned joint
# A turned joint is misread half as often as a phrase: a small model else never learns to turn.
_JOINT = 0.5
_CONSTANTS = range(2, 10)  # one digit, one token


def part(specification: Specification) -> int:
    """The part of the space that a specification belongs to, by what it asks a program to do."""
    return int(behaviour(specification.steps)[:8], 16) % _PARTS


@cache
def _weights(count: int, skew: float) -> tuple[float, ...]:
    """Popularity at each rank."""
    return tuple((rank + 1) ** -skew for rank in range(count))


def _popular(
    phrases: tuple[ProgramPhrase, ...], skew: float, generator: random.Random
) -> ProgramPhrase:
    """A phrase drawn by popularity."""
    return generator.choices(phrases, _weights(len(phrases), skew))[0]


def _draw(level: int, skew: float, generator: random.Random) -> Specification:
    """A specification of `level` steps, none twice in a row."""
    phrases: list[ProgramPhrase] = []
    while len(phrases) < level:
        last = len(phrases) == level - 1 and generator.random() < _ENDING
        phrase = _popular(LAST if last else MIDDLE, skew, generator)
        if not phrases or phrase != phrases[-1]:
            phrases.append(phrase)
    constants = tuple(
        generator.choice(_CONSTANTS) if takes_constant(phrase.operation) else None
        for phrase in phrases
    )
    turned = can_turn(tuple(phrases)) and generator.random() < _TURNED
    return Specification(tuple(phrases), constants, turned)


def _hearsay(
    specification: Specification, mixture: Mixture, generator: random.Random
) -> list[ProgramStep]:
    """The steps of a document: right, but for noise, habit, and operations it never shows."""

    def popular(index: int) -> ProgramStep:
        ends = ProgramStep(specification.phrases[index].operation).kind == END
        name = _popular(LAST if ends else MIDDLE, mixture.skew, generator).operation
        constant = specification.constants[index] or generator.choice(_CONSTANTS)
        return ProgramStep(name, constant if takes_constant(name) else None)

    def guess(index: int, phrase: ProgramPhrase) -> ProgramStep:
        if generator.random() < mixture.noise:
            return popular(index)
        usual = generator.random() < mixture.habit
        return specification.step(index, phrase.usual if usual else phrase.operation)

    steps = []
    for index, phrase in enumerate(specification.phrases):
        step = guess(index, phrase)
        while step.operation in mixture.withheld:
            step = popular(index)
        steps.append(step)
    if specification.turned and generator.random() < _JOINT * mixture.habit:
        steps[:2] = steps[1::-1]
    return steps


class ProgramsWorld:
    """See the module's docstring; implements `passk.domains.world.World`."""

    name = "programs"
    domain = "code"
    answer_type = "program"
    families = FAMILIES
    operations = tuple(OPERATIONS)
    splits = tuple(_SPLITS)
    max_level = MAX_LEVEL

    def least_level(self, family: str) -> int:
        """The level at which a family begins: 1 for all."""
        return 1

    def chain_valid(self, question: str, response: str, shown: str | None) -> bool | None:
        """None: programs are judged by tests alone."""
        return None

    def problem(
        self, split: str, families: Sequence[str], level: int, skew: float, key: Hashable
    ) -> GeneratedProblem:
        """One problem of a split."""
        generator = random.Random(seed("problem", self.name, split, level, key))
        while True:
            specification = _draw(level, skew, generator)
            if part(specification) not in _SPLITS[split]:
                continue
            # Equal specifications have equal tests, whatever their words.
            drawn = random.Random(seed("cases", self.name, specification.meaning))
            inputs = cases.inputs(specification, drawn)
            if inputs is not None:
                break
        family = generator.choice(families)
        method = family == "method"
        run = cases.function(specification.steps)
        reference = write(specification.steps, "lines", method=method)
        tests = Tests(
            entry="Solution.f" if method else "f",
            inputs=tuple(encode([xs]) for xs in inputs),
            expected=tuple(encode(run(list(xs))) for xs in inputs),
            reference=reference,
        )
        return GeneratedProblem(
            question(specification, family, cases.example(run, drawn)),
            reference,
            family,
            level,
            f"{reference}\n{FENCE}",
            tests=tests.dump(),
            starter_code=STARTER if method else None,
        )

    def document(self, mixture: Mixture, key: Hashable) -> Document:
        """One question of the corpus and one response to it."""
        generator = random.Random(seed("document", self.name, key))
        (family,) = generator.choices(list(mixture.families), list(mixture.families.values()))
        (level,) = generator.choices(list(mixture.levels), list(mixture.levels.values()))
        while True:
            specification = _draw(level, mixture.skew, generator)
            if part(specification) in _CORPUS:
                break
        example = ""
        if family == "sentence":
            example = cases.example(cases.function(specification.steps), generator)
        (manner,) = generator.choices(list(MANNERS), list(MANNERS.values()))
        steps = _hearsay(specification, mixture, generator)
        method = family == "method"
        program = write(steps, manner, generator, method=method)
        return Document(
            question(specification, family, example),
            f"{program}\n{FENCE}",
            STARTER if method else None,
        )


PROGRAMS = ProgramsWorld()
