"""Options of low-rank adapters, of every way to train that can have them."""

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt


class Lora(BaseModel):
    """Low-rank adapters in place of all weights (peft); merged into what is saved."""

    model_config = ConfigDict(extra="forbid")

    rank: PositiveInt = Field(description="Rank of the adapters.")
    alpha: PositiveFloat = Field(description="Adapters are scaled by alpha / rank.")
    dropout: float = Field(ge=0, le=1, description="Dropout on the adapters' input.")
    targets: list[str] = Field(
        min_length=1, description="Names of the layers that get one, e.g. q_proj; or all-linear."
    )
