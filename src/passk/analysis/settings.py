"""Parameters of `analyze@QUESTION`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from passk.data.filter_settings import Filter

# The folders under data/STUDY that a question may read.
Folder = Literal["counts", "verdicts", "training"]
Attempts = Annotated[int, Field(ge=1)]


class Comparison(BaseModel):
    """Two draws that are compared problem by problem."""

    model_config = ConfigDict(extra="forbid")

    reference: str = Field(
        description="Draw of the start model, or of whatever the candidate is compared with."
    )
    candidate: str = Field(description="Draw of the trained model, on the same sets.")
    efficiency_k: Attempts | None = Field(
        default=None, description="As `analysis.efficiency_k`, for this comparison alone."
    )


class ViewEntry(BaseModel):
    """Part of a set's problems, analysed like a set; nothing is sampled again for it."""

    model_config = ConfigDict(extra="forbid")

    set: str = Field(description="Set of which it is a part: a name under `sets:`.")
    filters: list[Filter] = Field(
        min_length=1, description="Which problems it holds: filters as under `sets:`, in order."
    )


class Bootstrap(BaseModel):
    """How intervals are made."""

    model_config = ConfigDict(extra="forbid")

    resamples: int = Field(ge=100, le=100_000, description="Bootstrap resamples; 100 to 100000.")
    level: float = Field(ge=0.5, le=0.999, description="Level of all intervals; 0.5 to 0.999.")


class Analysis(BaseModel):
    """The section `analysis`."""

    model_config = ConfigDict(extra="forbid")

    questions: dict[str, Folder] = Field(
        description="Questions to answer, each with the folder under data/STUDY that it reads: "
        "`training` for the questions `training` and `cost`, `verdicts` for `failures`, `counts` "
        "for all others.",
    )
    views: dict[str, ViewEntry] = Field(
        description="Parts of sets that are analysed beside them, NAME: {set: SET, filters: [...]}"
        "; each is one more set for all questions on counts and verdicts; may be empty.",
    )
    coverage_excludes: list[str] = Field(
        description="Problems with one of these tags are left out of the question `coverage`; "
        "may be empty.",
    )
    k: list[Attempts] = Field(
        min_length=1,
        description="Grid of attempts, ascending; clipped at each draw's n.",
    )
    comparisons: dict[str, Comparison] = Field(
        description="Comparisons, NAME: {reference: DRAW, candidate: DRAW}; may be empty.",
    )
    groups: dict[str, Annotated[list[str], Field(min_length=2)]] = Field(
        description="Comparisons with one reference whose sampling efficiency gaps are compared "
        "with each other, NAME: [COMPARISON, COMPARISON, ...]; may be empty.",
    )
    efficiency_k: Attempts = Field(
        description="k of the sampling efficiency gap pass@k(base) - pass@1(RL); "
        "at most the reference draw's n, never clipped.",
    )
    bootstrap: Bootstrap

    def gap_at(self, comparison: str) -> int:
        """The k of a comparison's sampling efficiency gap."""
        return self.comparisons[comparison].efficiency_k or self.efficiency_k

    @field_validator("k")
    @classmethod
    def _ascending(cls, value: list[int]) -> list[int]:
        if value != sorted(set(value)):
            raise ValueError(f"must be ascending without repeats, e.g. {sorted(set(value))}")
        return value
