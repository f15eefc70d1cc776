"""Bounds of the expectations that gate the analyses (section `validation`)."""

from pydantic import Field

from passk.core.parameters import ParameterSection


class Validation(ParameterSection):
    """What is still acceptable; the rest (keys, nulls, overlap, streams) is not negotiable."""

    truncated_at_most: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Largest share of samples cut off at max_new_tokens, in each draw and set.",
    )
    unknown_at_most: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Largest share of `unknown` verdicts (time-outs, faults) in each draw and set.",
    )
    imported_same_n: bool = Field(
        default=False,
        description="Whether imported draws, too, must have the same number of samples everywhere.",
    )
