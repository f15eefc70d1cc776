"""Parameters of the stage group `filter`: which problems of a source stay in a set."""

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator


class FreeForm(BaseModel):
    """Keep problems without answer choices."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["free_form"]


class AnswerType(BaseModel):
    """Keep problems whose answer is of certain types."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["answer_type"]
    types: Annotated[list[str], Field(min_length=1)] = Field(
        description="Of text, integer, float, list, expression, program."
    )


class DateWindow(BaseModel):
    """Keep problems published within a window, both days included."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["date_window"]
    first: datetime.date | None = Field(default=None, description="First day; null is no bound.")
    last: datetime.date | None = Field(default=None, description="Last day; null is no bound.")

    @field_validator("first", "last", mode="before")
    @classmethod
    def _quoted(cls, value: object) -> object:
        # YAML makes dates of plain ones, which DVC refuses to read as parameters.
        if isinstance(value, datetime.date):
            said = f'must stand in quotes, "{value.isoformat()}": DVC reads no YAML dates'
            raise ValueError(said)  # noqa: TRY004 - pydantic reports ValueErrors alone
        return value


class Tagged(BaseModel):
    """Keep problems that carry a tag."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["tagged"]
    tags: Annotated[list[str], Field(min_length=1)] = Field(description="One of these suffices.")


class Untagged(BaseModel):
    """Keep problems that carry none of some tags."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["untagged"]
    tags: Annotated[list[str], Field(min_length=1)] = Field(
        description="One of these is too many, e.g. flagged: the benchmark's authors say that the "
        "problem cannot be judged rightly; no-tests: a program that nobody can test."
    )


class Drop(BaseModel):
    """Drop problems by id, or by index in their source."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["drop"]
    problem_ids: list[str] = Field(default_factory=list, description="Problem ids to drop.")
    indices: list[int] = Field(default_factory=list, description="Indices to drop.")


class ImagePresent(BaseModel):
    """Keep problems that come with a picture."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["image_present"]


class First(BaseModel):
    """Keep the first problems of those that are left, e.g. for a draw on part of a training set."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["first"]
    rows: PositiveInt = Field(description="Problems to keep; fewer where there are no more.")


Filter = Annotated[
    FreeForm | AnswerType | DateWindow | Tagged | Untagged | Drop | ImagePresent | First,
    Field(discriminator="kind"),
]


class SetEntry(BaseModel):
    """A set: a source of problems, and filters applied in order."""

    model_config = ConfigDict(extra="forbid")

    problems: str = Field(
        description="Source: a name under `worlds:`, `benchmarks:` or `imported:`."
    )
    filters: list[Filter] = Field(
        description="Applied in order; kinds: free_form, answer_type, date_window, tagged, "
        "untagged, drop, image_present, first."
    )
    pictures: Literal["own", "shuffled"] = Field(
        default="own",
        description="shuffled: after the filters, each problem gets the picture of another, and "
        "none keeps its own. A control, beside a set of the same problems with their own: a model "
        "that looks falls to what guessing yields.",
    )
