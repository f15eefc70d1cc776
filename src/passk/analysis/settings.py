"""Parameters of `analyze@QUESTION`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from passk.core.parameters import (
    MOST_SAMPLES,
    DistinctNames,
    Name,
    ParameterSection,
    refuse_repeats,
)
from passk.data.filter_settings import Filter

# The folders under data/STUDY that a question may read.
Folder = Literal["counts", "verdicts", "training", "scores", "sets", "expansions"]
# In what two draws that are compared may differ, besides their model.
Aspect = Literal["template", "template_options", "temperature", "top_p", "max_new_tokens", "stop"]
Attempts = Annotated[int, Field(ge=1, le=MOST_SAMPLES)]


class Comparison(ParameterSection):
    """Two draws that are compared problem by problem."""

    reference: str = Field(
        description="Draw of the start model, or of whatever the candidate is compared with."
    )
    candidate: str = Field(description="Draw of the trained model, on the same sets.")
    efficiency_k: Attempts | None = Field(
        default=None, description="As `analysis.efficiency_k`, for this comparison alone."
    )
    differs: Annotated[list[Aspect], AfterValidator(refuse_repeats)] = Field(
        default_factory=list,
        description="In what the two draws are not made alike, where that is the question: one "
        "template for each model, another temperature; else such a comparison is refused.",
    )


class ViewEntry(ParameterSection):
    """Part of a set's problems, analysed like a set; nothing is sampled again for it."""

    set: str = Field(description="Set of which it is a part: a name under `sets:`.")
    filters: list[Filter] = Field(
        min_length=1, description="Which problems it holds: filters as under `sets:`, in order."
    )


class Bootstrap(ParameterSection):
    """How intervals are made."""

    resamples: int = Field(
        default=1000, ge=100, le=100_000, description="Bootstrap resamples; 100 to 100000."
    )
    level: float = Field(
        default=0.95, ge=0.5, le=0.999, description="Level of all intervals; 0.5 to 0.999."
    )


class Analysis(ParameterSection):
    """The section `analysis`."""

    questions: dict[str, Folder] = Field(
        description="Questions to answer, each with the folder under data/STUDY that it reads: "
        "`training` for the questions `training` and `cost`, `verdicts` for `failures`, `scores` "
        "for `perplexity`, `sets` for `ignorant`, `expansions` for "
        "`exact`, `counts` for all others.",
    )
    views: dict[Name, ViewEntry] = Field(
        default_factory=dict,
        description="Parts of sets that are analysed beside them, NAME: {set: SET, filters: [...]}"
        "; each is one more set for all questions on counts and verdicts; may be empty.",
    )
    coverage_excludes: DistinctNames = Field(
        default=["flagged"],
        description="Problems with one of these tags are left out of the question `coverage`; "
        "may be empty.",
    )
    withheld: dict[str, DistinctNames] = Field(
        default_factory=dict,
        description="What the question `ignorant` never applies, as no corpus of the models that "
        "are compared shows it, WORLD: [OPERATION, ...]; may be empty.",
    )
    k: list[Attempts] = Field(
        default=[1, 2, 4, 8, 16, 32, 64, 128, 256],
        min_length=1,
        description="Grid of attempts, ascending; clipped at each draw's n.",
    )
    comparisons: dict[Name, Comparison] = Field(
        default_factory=dict,
        description="Comparisons, NAME: {reference: DRAW, candidate: DRAW}; may be empty.",
    )
    groups: dict[Name, Annotated[DistinctNames, Field(min_length=2)]] = Field(
        default_factory=dict,
        description="Comparisons with one reference whose sampling efficiency gaps are compared "
        "with each other, NAME: [COMPARISON, COMPARISON, ...]; may be empty.",
    )
    efficiency_k: Attempts = Field(
        default=256,
        description="k of the sampling efficiency gap pass@k(base) - pass@1(RL); "
        "at most the reference draw's n, never clipped.",
    )
    bootstrap: Bootstrap = Field(
        default_factory=Bootstrap, description="Paired two-level bootstrap of all intervals."
    )

    def gap_at(self, comparison: str) -> int:
        """The k of a comparison's sampling efficiency gap."""
        return self.comparisons[comparison].efficiency_k or self.efficiency_k

    @field_validator("k")
    @classmethod
    def _ascending(cls, value: list[int]) -> list[int]:
        if value != sorted(set(value)):
            raise ValueError(f"must be ascending without repeats, e.g. {sorted(set(value))}")
        return value
