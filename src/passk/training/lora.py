"""Options of low-rank adapters, of every way to train that can have them."""

from typing import Annotated

from pydantic import Field

from passk.core.parameters import DistinctNames, ParameterSection, Size


class Lora(ParameterSection):
    """Low-rank adapters in place of all weights (peft); merged into what is saved."""

    rank: Size = Field(default=16, description="Rank of the adapters.")
    alpha: float = Field(
        default=32.0, gt=0, le=1e6, description="Adapters are scaled by alpha / rank."
    )
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Dropout on the adapters' input.")
    targets: Annotated[DistinctNames, Field(min_length=1)] = Field(
        default=["q_proj", "v_proj"],
        description="Names of the layers that get one, e.g. q_proj; or all-linear.",
    )
