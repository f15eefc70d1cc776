"""Parameters of the stage group `problems`: sets of a generated world."""

from typing import Annotated, Self

from pydantic import Field, PositiveInt, model_validator

from passk.core.parameters import DistinctNames, ParameterSection
from passk.core.registered import NameIn
from passk.domains.worlds import WORLDS

MOST_PROBLEMS = 1_000_000


class WorldSet(ParameterSection):
    """One set of problems of a generated world."""

    world: Annotated[str, NameIn(WORLDS)] = Field(
        description="A name in passk.domains.worlds: digits, programs, scenes."
    )
    split: str = Field(
        description="Part of the question space; digits: train, indomain, outdomain, hard; "
        "programs: train, functions, sentences, hard; scenes: train, vista, vision, hard. Two "
        "splits never share a question (scenes: an image); sets of one split may."
    )
    families: Annotated[DistinctNames, Field(min_length=1)] = Field(
        description="Problem families, drawn evenly; digits: nested, pipe, repeat, undo; programs: "
        "function, sentence, method; scenes: grid, chart, shapes, triangle."
    )
    levels: Annotated[list[PositiveInt], Field(min_length=1)] = Field(
        default=[1, 2, 3],
        description="Levels of difficulty, 1 to 4, taken in turn; a level may stand several times.",
    )
    skew: float = Field(
        default=0.0,
        ge=0,
        le=100,
        description="Popularity of functions falls as rank ** -skew; 0 draws them evenly.",
    )
    size: int = Field(
        default=48,
        ge=1,
        le=MOST_PROBLEMS,
        description="Number of problems; a larger set keeps the earlier ones.",
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        world = WORLDS[self.world]
        if self.split not in world.splits:
            raise ValueError(f"split {self.split!r}: legal are {', '.join(world.splits)}")
        if strange := sorted(set(self.families) - set(world.families)):
            raise ValueError(f"families {strange}: legal are {', '.join(world.families)}")
        if max(self.levels) > world.max_level:
            raise ValueError(f"levels {self.levels}: legal are 1 to {world.max_level}")
        begins = min(self.families, key=world.least_level)
        if min(self.levels) < world.least_level(begins):
            raise ValueError(
                f"levels {self.levels}: no family of {self.families} has level "
                f"{min(self.levels)}; {begins!r} begins at {world.least_level(begins)}"
            )
        return self
