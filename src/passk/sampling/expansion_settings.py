"""Parameters of the stage group `expand`: everything that a draw can draw."""

from typing import Annotated

from pydantic import Field

from passk.core.parameters import DistinctNames, ParameterSection


class Expanded(ParameterSection):
    """One entry of `expansions`, named like the draw whose tree it is."""

    model: str = Field(description="The draw's model; in study.yaml it follows from the draw.")
    sets: Annotated[DistinctNames, Field(min_length=1)] = Field(
        description="Sets of the draw whose problems are expanded."
    )
    smallest: float = Field(
        default=1e-7,
        gt=0,
        lt=0.1,
        description="A branch that is less likely than this is not followed; the table says how "
        "much is left out.",
    )
    most: int = Field(
        default=2_000_000,
        ge=1,
        description="Tokens of one problem's tree, at most; a larger tree stops the stage.",
    )
