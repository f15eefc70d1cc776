"""Entries of the parameter file as the page needs them, no more: what it does not say is None.

Fields that are not named here are left out, so that the report depends on no schema of another
section: an option added to an algorithm or an engine leaves the page as it is.
"""

from collections.abc import Mapping

from pydantic.dataclasses import dataclass

from passk.data.filter_settings import Filter


@dataclass(frozen=True)
class ReportedDraw:
    """An entry of `draws`: a model on sets, and how it was sampled."""

    model: str
    sets: tuple[str, ...]
    n: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_new_tokens: int | None = None
    template: str | None = None
    engine: str | None = None
    template_options: Mapping[str, object] | None = None
    stop: tuple[str, ...] = ()
    context: int | None = None


@dataclass(frozen=True)
class ReportedSet:
    """An entry of `sets`: a source of problems, filters, and whose images it shows."""

    problems: str
    filters: tuple[Filter, ...] = ()
    images: str = "own"

    @property
    def shuffled(self) -> bool:
        """Whether each problem shows the image of another: a control."""
        return self.images == "shuffled"


@dataclass(frozen=True)
class ReportedAlgorithm:
    """An algorithm as the parameter file names it."""

    name: str


@dataclass(frozen=True)
class ReportedArm:
    """An entry of `train`; of its algorithm the name alone."""

    start: str
    algorithm: ReportedAlgorithm
    set: str
    steps: int | None = None
    prompts: int | None = None
    rollouts: int | None = None
    temperature: float | None = None
    learning_rate: float | None = None
    beta: float | None = None


@dataclass(frozen=True)
class ReportedFineTuning:
    """An entry of `sft`."""

    start: str
    demonstrations: str | None = None
    steps: int | None = None
    batch: int | None = None
    learning_rate: float | None = None
