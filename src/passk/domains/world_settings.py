"""Parameters of the stage group `problems`: sets of a generated world."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from passk.domains.worlds import WORLDS


class WorldSet(BaseModel):
    """One set of problems of a generated world."""

    model_config = ConfigDict(extra="forbid")

    world: str = Field(description="A name in passk.domains.worlds: digits, programs, scenes.")
    split: str = Field(
        description="Part of the question space; digits: train, indomain, outdomain, hard; "
        "programs: train, functions, sentences, hard; scenes: train, vista, vision, hard. Two "
        "splits never share a question (scenes: an image); sets of one split may."
    )
    families: Annotated[list[str], Field(min_length=1)] = Field(
        description="Problem families, drawn evenly; digits: nested, pipe, repeat, undo; programs: "
        "function, sentence, method; scenes: grid, chart, shapes, triangle."
    )
    levels: Annotated[list[PositiveInt], Field(min_length=1)] = Field(
        description="Levels of difficulty, 1 to 4, taken in turn."
    )
    skew: float = Field(
        ge=0, description="Popularity of functions falls as rank ** -skew; 0 draws them evenly."
    )
    size: PositiveInt = Field(
        description="Number of problems; a larger set keeps the earlier ones."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        found = WORLDS[self.world]
        if self.split not in found.splits:
            raise ValueError(f"split {self.split!r}: legal are {', '.join(found.splits)}")
        if strange := sorted(set(self.families) - set(found.families)):
            raise ValueError(f"families {strange}: legal are {', '.join(found.families)}")
        if max(self.levels) > found.max_level:
            raise ValueError(f"levels {self.levels}: legal are 1 to {found.max_level}")
        return self
