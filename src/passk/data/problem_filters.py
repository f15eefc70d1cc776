"""The filters of this package: options, what stays, and why the rest goes."""

import datetime
import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import (
    AfterValidator,
    Field,
    NonNegativeInt,
    PositiveInt,
    field_validator,
    model_validator,
)

from passk.core.parameters import DistinctNames, refuse_repeats
from passk.data.filters import ProblemFilter, Rule


class FreeForm(ProblemFilter):
    """Keep problems without answer choices, which a model could guess."""

    kind: Literal["free_form"] = "free_form"

    def rule(self) -> Rule:
        """No choices, or an empty list of them."""
        no_choices = pl.col("choices").is_null() | (pl.col("choices").list.len() == 0)
        return Rule(no_choices, "has answer choices")


class AnswerType(ProblemFilter):
    """Keep problems whose answer is of certain types."""

    kind: Literal["answer_type"] = "answer_type"
    types: Annotated[
        list[Literal["text", "integer", "float", "list", "expression", "program"]],
        AfterValidator(refuse_repeats),
        Field(min_length=1),
    ] = Field(description="Of text, integer, float, list, expression, program.")

    def rule(self) -> Rule:
        """The answer's type is one of these."""
        reason = f"answer is not {' or '.join(self.types)}"
        return Rule(pl.col("answer_type").is_in(self.types), reason)


class DateWindow(ProblemFilter):
    """Keep problems published within a window, both days included."""

    kind: Literal["date_window"] = "date_window"
    first: datetime.date | None = Field(default=None, description="First day; null is no bound.")
    last: datetime.date | None = Field(default=None, description="Last day; null is no bound.")

    @field_validator("first", "last", mode="before")
    @classmethod
    def _quoted(cls, value: object) -> object:
        # YAML makes dates of plain ones, which DVC refuses to read as parameters.
        if isinstance(value, datetime.date):
            message = f'must stand in quotes, "{value.isoformat()}": DVC reads no YAML dates'
            raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors alone
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            return datetime.date.fromisoformat(value)
        return value  # null, or no date: the type says so

    @model_validator(mode="after")
    def _holds_days(self) -> Self:
        if self.first is None and self.last is None:
            raise ValueError("first and last are null: nothing is bounded; give one of them")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"first {self.first} is after last {self.last}: no day is inside")
        return self

    def rule(self) -> Rule:
        """Dated within the window; a problem without a date goes."""
        date = pl.col("date").str.to_date("%Y-%m-%d")
        inside = date.is_not_null()
        if self.first is not None:
            inside &= date >= self.first
        if self.last is not None:
            inside &= date <= self.last
        window = f"{self.first or 'any time'} to {self.last or 'any time'}"
        return Rule(inside, f"not dated within {window}")


def _carries(tags: Sequence[str]) -> pl.Expr:
    return pl.col("tags").list.set_intersection(list(tags)).list.len() > 0


class Tagged(ProblemFilter):
    """Keep problems that carry a tag."""

    kind: Literal["tagged"] = "tagged"
    tags: Annotated[DistinctNames, Field(min_length=1)] = Field(
        description="One of these suffices."
    )

    def rule(self) -> Rule:
        """At least one of the tags."""
        return Rule(_carries(self.tags), f"not tagged {' or '.join(self.tags)}")


class Untagged(ProblemFilter):
    """Keep problems that carry none of some tags."""

    kind: Literal["untagged"] = "untagged"
    tags: Annotated[DistinctNames, Field(min_length=1)] = Field(
        description="One of these is too many, e.g. flagged: the benchmark's authors say that the "
        "problem cannot be judged rightly; no-tests: a program that nobody can test."
    )

    def rule(self) -> Rule:
        """None of the tags."""
        return Rule(~_carries(self.tags).fill_null(value=False), f"tagged {' or '.join(self.tags)}")


class Drop(ProblemFilter):
    """Drop problems by id, or by index in their source."""

    kind: Literal["drop"] = "drop"
    problem_ids: DistinctNames = Field(default_factory=list, description="Problem ids to drop.")
    indices: Annotated[list[NonNegativeInt], AfterValidator(refuse_repeats)] = Field(
        default_factory=list, description="Indices to drop."
    )

    @model_validator(mode="after")
    def _names_problems(self) -> Self:
        if not self.problem_ids and not self.indices:
            raise ValueError("names no problem; give problem_ids or indices, or remove the filter")
        return self

    def rule(self) -> Rule:
        """Not named by id or by index."""
        named = pl.col("problem_id").is_in(self.problem_ids) | pl.col("index").is_in(self.indices)
        return Rule(~named, "dropped by name")

    def check(self, problems: pl.DataFrame) -> None:
        """A name that drops nothing is a mistake: raise ValueError."""
        for option, absent in (
            ("problem_ids", set(self.problem_ids) - set(problems["problem_id"])),
            ("indices", set(self.indices) - set(problems["index"])),
        ):
            if absent:
                raise ValueError(
                    f"filter drop, {option}: no such problem {sorted(absent)}; remove them"
                )


class ImagePresent(ProblemFilter):
    """Keep problems that come with an image."""

    kind: Literal["image_present"] = "image_present"

    def rule(self) -> Rule:
        """With an image."""
        return Rule(pl.col("image").is_not_null(), "has no image")


class First(ProblemFilter):
    """Keep the first problems of those that are left, e.g. for a draw on part of a training set."""

    kind: Literal["first"] = "first"
    rows: PositiveInt = Field(description="Problems to keep; fewer where there are no more.")

    def rule(self) -> Rule:
        """The first so many of those that are left."""
        return Rule(pl.int_range(pl.len()) < self.rows, f"beyond the first {self.rows}")
