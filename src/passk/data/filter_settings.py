"""Parameters of the stage group `filter`: which problems of a source stay in a set."""

from typing import TYPE_CHECKING, Annotated, Literal, Union

from pydantic import Field

from passk.core.parameters import ParameterSection
from passk.data.filters import FILTERS

if TYPE_CHECKING:
    from passk.data.filters import ProblemFilter as Filter
else:
    # Made of what is registered, so that a filter of another package is legal, too.
    Filter = Annotated[Union[tuple(FILTERS.values())], Field(discriminator="kind")]  # noqa: UP007


class SetEntry(ParameterSection):
    """A set: a source of problems, and filters applied in order."""

    problems: str = Field(
        description="Source: a name under `worlds:`, `benchmarks:` or `imported:`."
    )
    filters: list[Filter] = Field(
        default_factory=list, description=f"Applied in order; kinds: {', '.join(FILTERS)}."
    )
    images: Literal["own", "shuffled"] = Field(
        default="own",
        description="shuffled: after the filters, each problem gets the image of another, and "
        "none keeps its own. A control, beside a set of the same problems with their own: a model "
        "that looks falls to what guessing yields.",
    )
