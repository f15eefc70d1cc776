"""The `scenes` world: questions about images, answered by reading them and working step by step.

An image shows four items with a colour and a value each; a question names one to three things to
do with them; the answer is the number that the values write in the end. A corpus answers badly, as
a real one does: a step may be noise, an operation that is popular and has nothing to do with the
words, or follow the usual reading of words that are easily misread (see `questions`). What it says
to see is always right: whatever a model misreads in an image, it misreads by itself.

A quarter of the problems are multiple choice, as in published benchmarks; a filter removes them.
Documents of a corpus are never multiple choice.

Splits: scenes are divided by the digest of their values, so that no image of one split shows what
one of another split, or of a corpus, shows, whatever the seeds. The split `vision` asks in another
style than `train` and `vista`; a corpus holds both styles.
"""

import random
from collections.abc import Hashable, Sequence
from functools import cache
from hashlib import sha256

from passk.core.digests import seed
from passk.core.images import encode
from passk.domains.visual.world import chains
from passk.domains.visual.world.drawing import draw
from passk.domains.visual.world.operations import COLOURED, OPERATIONS
from passk.domains.visual.world.questions import (
    PHRASES,
    STYLES,
    Asked,
    SceneQuestion,
    operation,
    write_question,
)
from passk.domains.visual.world.scene import (
    COLOURS,
    CORNERS,
    GROUNDS,
    KINDS,
    VALUES,
    Item,
    Scene,
    number,
)
from passk.domains.world import Document, GeneratedProblem, Mixture

MAX_LEVEL = 3
_SPLITS = {"train": (0, 1), "vista": (2,), "vision": (3,), "hard": (4,)}
_CORPUS = (5, 6, 7, 8, 9)
_PARTS = 10
_STYLE = {"vision": "contest"}  # of a split's questions; `plain` otherwise
_CHOICES, _OFFERED = 0.25, 4  # share of problems with answers to choose from; how many


def part(scene: Scene) -> int:
    """The part of the space that a scene belongs to, by its values."""
    return int.from_bytes(sha256(number(scene.items).encode()).digest()[:4]) % _PARTS


@cache
def _weights(count: int, skew: float) -> tuple[float, ...]:
    """Popularity at each rank."""
    return tuple((rank + 1) ** -skew for rank in range(count))


def _scene(kind: str, generator: random.Random) -> Scene:
    values = generator.sample(VALUES[kind], len(COLOURS))
    items = tuple(Item(colour, value) for colour, value in zip(COLOURS, values, strict=True))
    return Scene(kind, items, generator.choice(GROUNDS), generator.choice(CORNERS))


def _question(
    kind: str, level: int, style: str, skew: float, generator: random.Random
) -> SceneQuestion:
    """A question with `level` phrases, none twice."""
    chosen: list[int] = []
    while len(chosen) < level:
        (one,) = generator.choices(range(len(PHRASES)), _weights(len(PHRASES), skew))
        if one not in chosen:
            chosen.append(one)
    asked = tuple(
        Asked(one, generator.choice(list(COLOURS)) if "{" in PHRASES[one].words else None)
        for one in chosen
    )
    return SceneQuestion(kind, asked, style)


def _hearsay(mixture: Mixture, generator: random.Random) -> chains.Strategy:
    """The strategy of a document: right, but for noise, habit, and operations it never shows."""

    def named(word: str, asked: Asked) -> str:
        colour = asked.colour or generator.choice(list(COLOURS))
        return f"{word} {colour}" if word in COLOURED else word

    def popular(asked: Asked) -> str:
        (word,) = generator.choices(OPERATIONS, _weights(len(OPERATIONS), mixture.skew))
        return named(word, asked)

    def guess(asked: Asked, scene: Scene) -> str:
        if generator.random() < mixture.noise:
            return popular(asked)
        if generator.random() < mixture.habit:
            return named(PHRASES[asked.phrase].usual, asked)
        return operation(asked, scene)

    def strategy(asked: Asked, scene: Scene) -> str:
        found = guess(asked, scene)
        while found.partition(" ")[0] in mixture.withheld:
            found = popular(asked)
        return found

    return strategy


class ScenesWorld:
    """See the module's docstring; implements `passk.domains.world.World`."""

    name = "scenes"
    domain = "visual"
    answer_type = "integer"
    families = KINDS
    operations = OPERATIONS
    splits = tuple(_SPLITS)
    max_level = MAX_LEVEL

    def least_level(self, family: str) -> int:
        """The level at which a family begins: 1 for all."""
        return 1

    def chain_valid(self, question: str, response: str, shown: str | None) -> bool | None:
        """See `passk.domains.visual.world.chains.chain_valid`."""
        return chains.chain_valid(question, response, shown)

    def problem(
        self, split: str, families: Sequence[str], level: int, skew: float, key: Hashable
    ) -> GeneratedProblem:
        """One problem of a split."""
        named = seed("problem", self.name, split, level, key)
        generator = random.Random(named)
        style = _STYLE.get(split, STYLES[0])
        while True:
            scene = _scene(generator.choice(families), generator)
            question = _question(scene.kind, level, style, skew, generator)
            chain = chains.solve(question, scene)
            # A leading zero would vanish in the value, and make a wrong answer right.
            if part(scene) in _SPLITS[split] and not chain.answer.startswith("0"):
                break
        asked, choices = write_question(question), None
        if generator.random() < _CHOICES:
            choices = _offer(chain.answer, generator)
            asked += f"\nChoices: {', '.join(choices)}"
        return GeneratedProblem(
            asked,
            chain.answer,
            scene.kind,
            level,
            chains.write_chain(chain),
            tests=scene.dump(),
            choices=choices,
            image=encode(draw(scene, named)),
        )

    def document(self, mixture: Mixture, key: Hashable) -> Document:
        """One question of the corpus and one response to it."""
        named = seed("document", self.name, key)
        generator = random.Random(named)
        (kind,) = generator.choices(list(mixture.families), list(mixture.families.values()))
        (level,) = generator.choices(list(mixture.levels), list(mixture.levels.values()))
        scene = _scene(kind, generator)
        while part(scene) not in _CORPUS:
            scene = _scene(kind, generator)
        style = generator.choice(STYLES)
        question = _question(kind, level, style, mixture.skew, generator)
        chain = chains.solve(question, scene, _hearsay(mixture, generator))
        return Document(
            write_question(question), chains.write_chain(chain), image=draw(scene, named)
        )


def _offer(answer: str, generator: random.Random) -> tuple[str, ...]:
    """The answer among others with the same digits, in a drawn order."""
    offered = {answer}
    while len(offered) < _OFFERED:
        digits = list(answer)
        generator.shuffle(digits)
        digits[generator.randrange(len(digits))] = str(generator.randint(1, 9))
        if digits[0] != "0":
            offered.add("".join(digits))
    return tuple(generator.sample(sorted(offered), _OFFERED))


SCENES = ScenesWorld()
