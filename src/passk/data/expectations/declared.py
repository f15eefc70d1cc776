"""What a study declares, as far as expectations across its tables need it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import TypeAdapter


@dataclass(frozen=True)
class DeclaredSet:
    """An entry of `sets`: where its problems come from."""

    problems: str


@dataclass(frozen=True)
class DeclaredDraw:
    """An entry of `draws`.

    Attributes:
        sets: the sets that it samples.
        n: samples per problem; None where they are counted instead (a recorded draw may).
        recorded: whether its samples were drawn elsewhere, and are collected.
    """

    sets: tuple[str, ...]
    n: int | None
    recorded: bool


@dataclass(frozen=True)
class DeclaredArm:
    """An entry of `train`: the set that it trains on."""

    set: str


@dataclass(frozen=True)
class DeclaredFineTuning:
    """An entry of `sft`: the demonstrations that it learns from."""

    demonstrations: str


@dataclass(frozen=True)
class DeclaredSelection:
    """An entry of `rejection_sampling`: the draw whose responses become demonstrations."""

    draw: str


@dataclass(frozen=True)
class DeclaredAnswers:
    """An entry of `reference_answers`: the set whose reference answers become demonstrations."""

    set: str


@dataclass(frozen=True)
class Declared:
    """The entries of each section by name."""

    sets: Mapping[str, DeclaredSet]
    draws: Mapping[str, DeclaredDraw]
    train: Mapping[str, DeclaredArm]
    sft: Mapping[str, DeclaredFineTuning]
    rejection_sampling: Mapping[str, DeclaredSelection]
    reference_answers: Mapping[str, DeclaredAnswers]

    @classmethod
    def parse(cls, content: object) -> Self:
        """The content of the manifest's file `declared`.

        Raises:
            ValueError: it is of another form; it names section and key.
        """
        return TypeAdapter(cls).validate_python(content)

    @property
    def sampled(self) -> tuple[str, ...]:
        """The sets that some draw samples, each once, in order."""
        return tuple(dict.fromkeys(name for draw in self.draws.values() for name in draw.sets))

    @property
    def trained_on(self) -> set[str]:
        """The sets that some model is trained on, behind demonstrations too."""
        return set(self._training_sets())

    def _training_sets(self) -> Iterator[str]:
        for arm in self.train.values():
            yield arm.set
        for tuned in self.sft.values():
            name = tuned.demonstrations
            if name in self.reference_answers:
                yield self.reference_answers[name].set
            else:
                yield from self.draws[self.rejection_sampling[name].draw].sets
