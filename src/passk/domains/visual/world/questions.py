"""Questions about an image: phrases, each for one operation, in two ways of asking.

    plain     Read the bars, blue to yellow: red first, backwards. Which number?
    contest   Mia notes the bars, blue to yellow: red first, then backwards. What does she get?

A phrase is easily misread as another, `usual`. Two phrases say nothing without the image: what
`crossed` and `turned` mean depends on its ground and on the corner of its mark.

Standard library only: the parser of chains imports this module.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from passk.domains.visual.world.scene import COLOURS, Scene

STYLES: tuple[str, ...] = ("plain", "contest")
NOUNS = {"grid": "tiles", "chart": "bars", "shapes": "shapes", "triangle": "lines"}


class ScenePhrase(NamedTuple):
    """Words, the operation that they ask for, and the one that they are usually taken for."""

    words: str
    operation: str
    usual: str


# In order of popularity in a corpus. {colour} stands for a colour's name. An operation that depends
# on the image is written SEEN?IF:ELSE.
PHRASES: tuple[ScenePhrase, ...] = (
    ScenePhrase("backwards", "reverse", "reverse"),
    ScenePhrase("{colour} first", "front", "front"),
    ScenePhrase("first to last", "rotate", "rotate"),
    ScenePhrase("crossed", "white?reverse:pairs", "reverse"),
    ScenePhrase("ends swapped", "ends", "pairs"),
    ScenePhrase("one more each", "up", "up"),
    ScenePhrase("turned", "left?rotate:wrap", "rotate"),
    ScenePhrase("{colour} last", "back", "front"),
    ScenePhrase("pairs swapped", "pairs", "ends"),
    ScenePhrase("last to first", "wrap", "rotate"),
    ScenePhrase("without {colour}", "without", "back"),
    ScenePhrase("taken from nine", "nines", "up"),
)
_CONDITION = re.compile(r"(\w+)\?(\w+):(\w+)")


class Asked(NamedTuple):
    """A phrase in a question: its place in PHRASES, and the colour's letter that it names."""

    phrase: int
    colour: str | None

    @property
    def words(self) -> str:
        """As a question says it."""
        return PHRASES[self.phrase].words.format(colour=COLOURS.get(self.colour or "", ""))


@dataclass(frozen=True)
class SceneQuestion:
    """What is asked about an image.

    Attributes:
        kind: of the image.
        asked: phrases in the order in which they apply; their number is the level.
        style: one of STYLES.
    """

    kind: str
    asked: tuple[Asked, ...]
    style: str


def operation(asked: Asked, scene: Scene) -> str:
    """What a phrase asks for in an image, with its colour where it takes one.

    Example:
        >>> from passk.domains.visual.world.scene import read
        >>> grey = Scene("grid", read("r3 b7 g2 y5"), "grey", "left")
        >>> operation(Asked(3, None), grey), operation(Asked(1, "b"), grey)
        ('pairs', 'front b')
    """
    word = PHRASES[asked.phrase].operation
    if condition := _CONDITION.fullmatch(word):
        seen = condition[1] in (scene.ground, scene.corner)
        word = condition[2] if seen else condition[3]
    return f"{word} {asked.colour}" if asked.colour else word


def write_question(question: SceneQuestion) -> str:
    """The question's text: what a model is told besides the image."""
    noun, clauses = NOUNS[question.kind], [phrase.words for phrase in question.asked]
    if question.style == "contest":
        return (
            f"Mia notes the {noun}, blue to yellow: {', then '.join(clauses)}. What does she get?"
        )
    return f"Read the {noun}, blue to yellow: {', '.join(clauses)}. Which number?"


_WORDS = {
    Asked(i, letter).words: Asked(i, letter)
    for i, phrase in enumerate(PHRASES)
    for letter in (COLOURS if "{colour}" in phrase.words else (None,))
}
_KIND = {noun: kind for kind, noun in NOUNS.items()}
_PLAIN = re.compile(r"Read the (\w+), blue to yellow: (.+)\. Which number\?")
_CONTEST = re.compile(r"Mia notes the (\w+), blue to yellow: (.+)\. What does she get\?")


def parse_question(written: str) -> SceneQuestion | None:
    """Read a question, without the choices behind it; None where it is not of this world.

    Example:
        >>> parse_question("Read the bars, blue to yellow: red last. Which number?").asked[0]
        Asked(phrase=7, colour='r')
    """
    line = written.strip().partition("\n")[0]
    for style, pattern, joint in (("plain", _PLAIN, ", "), ("contest", _CONTEST, ", then ")):
        if (match := pattern.fullmatch(line)) and match[1] in _KIND:
            asked = [_WORDS.get(words) for words in match[2].split(joint)]
            if all(asked):
                return SceneQuestion(
                    _KIND[match[1]], tuple(phrase for phrase in asked if phrase), style
                )
    return None
