"""Bounds of the expectations that gate the analyses (section `validation`)."""

from typing import Literal

from pydantic import Field

from passk.core.parameters import ParameterSection, Share
from passk.data.contamination import DEFAULT_N


class Contamination(ParameterSection):
    """What is made of test problems whose text stands in a training set."""

    action: Literal["error", "warning", "off"] = Field(
        default="warning",
        description="error: the run stops; warning: it says so, on the page too; off: nothing is "
        "compared. Problems that ask word by word the same are an error in any case.",
    )
    n: int = Field(
        default=DEFAULT_N,
        ge=3,
        le=1000,
        description="Words in a row that a test and a training problem must share; shorter "
        "problems are compared whole.",
    )
    share: Share = Field(
        default=0.0,
        description="Of a test problem's runs of n words, how many one training problem must have "
        "at least; 0: any. More where statements all say the same, as of programs.",
    )


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
    contamination: Contamination = Field(
        default_factory=Contamination,
        description="Published test problems that stand in a published training set.",
    )
