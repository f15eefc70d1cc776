"""The `digits` world: functions of digit strings, known by name, applied one after another.

What a name means depends on a condition of the number at hand (see `functions`). A corpus
teaches the meanings badly, as a real one does: a step may be noise, an operation that is popular
and has nothing to do with the name, or take the function's usual case for granted. So a model
learns every operation, and which ones a name may stand for; it prefers the popular and the usual.
A corpus may also withhold operations: a model that has seen no other text never performs them.

Splits: the questions are divided by the digest of their numbers, so that no question of one
split can occur in another, nor in a corpus, whatever the seeds.
"""

import random
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from hashlib import sha256

from passk.core.digests import seed
from passk.domains.math.world import chains
from passk.domains.math.world.functions import FUNCTIONS, operation
from passk.domains.math.world.operations import OPERATIONS, Digits, inverse, text
from passk.domains.math.world.questions import FAMILIES, LEAST_LEVEL, DigitsQuestion, write_question
from passk.domains.world import Document, GeneratedProblem, Mixture

WIDTH = 5  # digits of every number
MAX_LEVEL = 4
_SPLITS = {"train": (0, 1), "indomain": (2,), "outdomain": (3,), "hard": (4,)}
_CORPUS = (5, 6, 7, 8, 9)
_PARTS = 10
_NAMES, _OPERATIONS = tuple(FUNCTIONS), tuple(OPERATIONS)


def _part(question: DigitsQuestion) -> int:
    """The part of the question space that a question belongs to, by its number."""
    return int.from_bytes(sha256(text(question.number).encode()).digest()[:4]) % _PARTS


@cache
def _weights(count: int, skew: float) -> tuple[float, ...]:
    """Popularity at each rank."""
    return tuple((rank + 1) ** -skew for rank in range(count))


def _popular(names: tuple[str, ...], skew: float, generator: random.Random) -> str:
    """A name drawn by popularity."""
    return generator.choices(names, _weights(len(names), skew))[0]


def _draw(family: str, level: int, skew: float, generator: random.Random) -> DigitsQuestion:
    """A question with `level` functions."""
    names = tuple(_popular(_NAMES, skew, generator) for _ in range(level))
    if family == "repeat":
        names = names[:1] * level
    return DigitsQuestion(family, names, tuple(generator.choices(range(10), k=WIDTH)))


def _hearsay(mixture: Mixture, undo: bool, generator: random.Random) -> chains.Strategy:
    """The strategy of a document: right, but for noise, habit, and operations it never shows.

    Args:
        mixture: how often it errs, and what it never shows.
        undo: whether the question asks for the opposite of each operation.
        generator: of all draws.
    """

    def guess(name: str, number: Digits) -> str:
        if generator.random() < mixture.noise:
            return _popular(_OPERATIONS, mixture.skew, generator)
        if generator.random() < mixture.habit:
            return FUNCTIONS[name].usual
        return operation(name, number)

    def strategy(name: str, number: Digits) -> str:
        chosen = guess(name, number)
        while (inverse(chosen) if undo else chosen) in mixture.withheld:
            chosen = _popular(_OPERATIONS, mixture.skew, generator)
        return chosen

    return strategy


class DigitsWorld:
    """See the module's docstring; implements `passk.domains.world.World`."""

    name = "digits"
    domain = "math"
    answer_type = "integer"
    families = FAMILIES
    operations = _OPERATIONS
    splits = tuple(_SPLITS)
    max_level = MAX_LEVEL
    least_level: Callable[[str], int] = staticmethod(LEAST_LEVEL.__getitem__)

    def chain_valid(self, question: str, response: str, shown: str | None) -> bool | None:
        """See `passk.domains.math.world.chains.chain_valid`; the question says all."""
        return chains.chain_valid(question, response)

    def problem(
        self, split: str, families: Sequence[str], level: int, skew: float, key: Hashable
    ) -> GeneratedProblem:
        """One problem of a split. Raises ValueError where no family has the level."""
        able = [family for family in families if LEAST_LEVEL[family] <= level]
        if not able:
            raise ValueError(f"level {level}: none of the families {list(families)} has it")
        generator = random.Random(seed("problem", self.name, split, level, key))
        while True:
            family = generator.choice(able)
            question = _draw(family, level, skew, generator)
            chain = chains.solve(question)
            # A leading zero would vanish in the value, and make a wrong answer right.
            if chain.answer[0] != 0 and _part(question) in _SPLITS[split]:
                break
        return GeneratedProblem(
            write_question(question), text(chain.answer), family, level, chains.write_chain(chain)
        )

    def document(self, mixture: Mixture, key: Hashable) -> Document:
        """One question of the corpus and one response to it."""
        generator = random.Random(seed("document", self.name, key))
        (family,) = generator.choices(list(mixture.families), list(mixture.families.values()))
        levels = {i: w for i, w in mixture.levels.items() if i >= LEAST_LEVEL[family]}
        (level,) = generator.choices(list(levels), list(levels.values()))
        while True:
            question = _draw(family, level, mixture.skew, generator)
            if _part(question) in _CORPUS:
                break
        strategy = _hearsay(mixture, question.family == "undo", generator)
        chain = chains.solve(question, strategy)
        return Document(write_question(question), chains.write_chain(chain))


DIGITS = DigitsWorld()
