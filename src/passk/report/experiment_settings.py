"""Parameters of `report.experiments`: what of a study shows a figure or table of the paper."""

from pydantic import Field, model_validator

from passk.core.parameters import DistinctNames, NotEmpty, ParameterSection


class ExperimentSettings(ParameterSection):
    """One figure, table or reading of the paper."""

    sections: DistinctNames = Field(
        default_factory=list, description="Sections of the page that show it."
    )
    comparisons: DistinctNames = Field(
        default_factory=list, description="Names of `analysis.comparisons` that it needs."
    )
    draws: DistinctNames = Field(default_factory=list, description="Draws that it needs.")
    not_run: NotEmpty | None = Field(
        default=None,
        description="What of it is not run, and why; null: all of it is run.",
    )

    @property
    def is_run(self) -> bool:
        """Whether any of it is run."""
        return bool(self.sections or self.comparisons or self.draws)

    @model_validator(mode="after")
    def _says_something(self) -> "ExperimentSettings":
        if not self.is_run and self.not_run is None:
            raise ValueError(
                "names nothing that shows it; give sections, comparisons or draws, or say under "
                "not_run why it is not run"
            )
        return self
