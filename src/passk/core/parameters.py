"""The base of every section of `params.yaml`: what is legal, to the type.

Values mean what they say: `"8"` and `true` are no numbers, `8.0` is no whole number (`1` is a legal
1.0), infinity and NaN are nothing. Defaults, legal values and descriptions stand in the fields and
nowhere else. A class behaves by its values alone, never by how many of them were stated: a stage is
handed all of them, and validates them again.

Example:
    >>> class Sampler(ParameterSection):
    ...     n: Size = Field(default=8, description="Samples.")
    ...     temperature: float = Field(default=1.0, description="Divides the logits.")
    >>> Sampler(temperature=2).model_dump()
    {'n': 8, 'temperature': 2.0}
    >>> Sampler.model_validate({"n": "8"})
    Traceback (most recent call last):
    pydantic_core._pydantic_core.ValidationError: 1 validation error for Sampler
    n
      Input should be a valid integer [type=int_type, input_value='8', input_type=str]
"""

from collections.abc import Hashable, Sequence
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

T = TypeVar("T", bound=Hashable)

# Beyond any study, and far below what tables and libraries can count.
MOST_SAMPLES = 1_000_000
MOST_UPDATES = 100_000_000
LARGEST_SEED = 2**63 - 1


class ParameterSection(BaseModel):
    """A section, or an entry of one: strict types, no unknown keys, finite numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def refuse_repeats(values: Sequence[T]) -> Sequence[T]:
    """The values as they are.

    Raises:
        ValueError: one stands twice; it names which.
    """
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"names {', '.join(repeated)} twice; name each once")
    return values


Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Share = Annotated[float, Field(ge=0, le=1)]  # of something, or a probability
DecayRate = Annotated[float, Field(ge=0, lt=1)]  # of a moment: 1 would never take anything in
Updates = Annotated[int, Field(ge=1, le=MOST_UPDATES)]
Rate = Annotated[float, Field(gt=0, le=1)]  # a learning rate
# A value that grows a model, a batch or a table: positive, and what a machine can hold.
Size = Annotated[int, Field(ge=1, le=10_000_000)]
# Names become file names, stage names and parameter keys: dots and signs would break one of them.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
DistinctNames = Annotated[list[str], AfterValidator(refuse_repeats)]
