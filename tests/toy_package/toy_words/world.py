"""The world `reversed_words`: random words to say backwards; splits by the word's digest."""

import random
from collections.abc import Hashable, Sequence
from hashlib import sha256

from passk.core.digests import seed
from passk.domains.world import Document, GeneratedProblem, Mixture

LETTERS = "abcdefghiklm"


def ask(word: str) -> str:
    """The question about a word."""
    return f"What is {word} backwards?"


class BackwardsWorld:
    """See `passk.domains.world.World`; a word of level n has n + 1 letters."""

    name = "reversed_words"
    domain = "words"
    answer_type = "text"
    families = ("word",)
    operations = ("reverse", "repeat")
    splits = ("train", "test")
    max_level = 4

    def least_level(self, family: str) -> int:
        """Every family begins at level 1."""
        return 1

    def problem(
        self, split: str, families: Sequence[str], level: int, skew: float, key: Hashable
    ) -> GeneratedProblem:
        """One problem of a split."""
        generator = random.Random(seed("problem", self.name, split, level, key))
        word = _draw(level, split, generator)
        return GeneratedProblem(ask(word), word[::-1], "word", level, word[::-1])

    def document(self, mixture: Mixture, key: Hashable) -> Document:
        """A question and its answer; with noise the word comes back as it is."""
        generator = random.Random(seed("document", self.name, key))
        (level,) = generator.choices(list(mixture.levels), list(mixture.levels.values()))
        word = _draw(level, "corpus", generator)
        wrong = generator.random() < mixture.noise
        return Document(ask(word), word if wrong else word[::-1])

    def chain_valid(self, question: str, response: str, shown: str | None) -> bool | None:
        """There are no steps to read."""
        return None


def _draw(level: int, split: str, generator: random.Random) -> str:
    """A word of a split, drawn until its digest falls there."""
    while True:
        word = "".join(generator.choices(LETTERS, k=level + 1))
        part = ("train", "test", "corpus")[sha256(word.encode()).digest()[0] % 3]
        if part == split:
            return word


BACKWARDS = BackwardsWorld()
