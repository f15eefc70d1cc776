"""Parameters of `rejection_sampling` and `reference_answers`: what a model is fine-tuned on."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveInt, field_validator

from passk.core.parameters import ParameterSection, refuse_repeats

PLACE = "{answer}"


class Selection(ParameterSection):
    """One entry of `rejection_sampling`: samples of a draw, by their verdicts."""

    draw: str = Field(description="The draw whose samples are taken, a name under `draws:`.")
    verdicts: Annotated[
        list[Literal["correct", "wrong", "unknown"]],
        AfterValidator(refuse_repeats),
        Field(min_length=1),
    ] = Field(
        default=["correct"],
        description="Verdicts that pass: of correct, wrong, unknown; all three do not filter. "
        "Responses cut at the longest length never pass: they have no end to learn.",
    )
    distinct: bool = Field(
        default=True,
        description="Whether equal responses to a problem are taken once, the first of them.",
    )
    per_problem: PositiveInt | None = Field(
        default=None,
        description="Responses of each problem at most, the first by sample index; null takes all.",
    )

    longest: PositiveInt | None = Field(
        default=None,
        description="Longest response in characters, for a model that shall answer briefly; null "
        "takes any.",
    )


class Answers(ParameterSection):
    """One entry of `reference_answers`: the reference answers of a set, without any reasoning."""

    set: str = Field(description="Problem set whose answers are taken, a name under `sets:`.")
    pattern: str = Field(
        default=r" \boxed{{answer}}",
        description="The response to learn; {answer} in it is the answer.",
    )

    @field_validator("pattern")
    @classmethod
    def _placed(cls, pattern: str) -> str:
        if pattern.count(PLACE) != 1:
            raise ValueError(f"must hold {PLACE} once")
        return pattern
