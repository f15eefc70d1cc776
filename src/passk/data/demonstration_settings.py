"""Parameters of `rejection_sampling` and `reference_answers`: what a model is fine-tuned on."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator

PLACE = "{answer}"


class Selection(BaseModel):
    """One entry of `rejection_sampling`: samples of a draw, by their verdicts."""

    model_config = ConfigDict(extra="forbid")

    draw: str = Field(description="The draw whose samples are taken, a name under `draws:`.")
    verdicts: Annotated[list[Literal["correct", "wrong", "unknown"]], Field(min_length=1)] = Field(
        description="Verdicts that pass: of correct, wrong, unknown; all three do not filter. "
        "Responses cut at the longest length never pass: they have no end to learn."
    )
    distinct: bool = Field(
        description="Whether equal responses to a problem are taken once, the first of them."
    )
    per_problem: PositiveInt | None = Field(
        description="Responses of each problem at most, the first by sample index; null takes all."
    )

    longest: PositiveInt | None = Field(
        description="Longest response in characters, for a model that shall answer briefly; null "
        "takes any."
    )

    @field_validator("verdicts")
    @classmethod
    def _once(cls, verdicts: list[str]) -> list[str]:
        if len(set(verdicts)) < len(verdicts):
            raise ValueError(f"{verdicts} names a verdict twice")
        return verdicts


class Answers(BaseModel):
    """One entry of `reference_answers`: the reference answers of a set, without any reasoning."""

    model_config = ConfigDict(extra="forbid")

    set: str = Field(description="Problem set whose answers are taken, a name under `sets:`.")
    pattern: str = Field(description="The response to learn; {answer} in it is the answer.")

    @field_validator("pattern")
    @classmethod
    def _placed(cls, pattern: str) -> str:
        if pattern.count(PLACE) != 1:
            raise ValueError(f"must hold {PLACE} once")
        return pattern
