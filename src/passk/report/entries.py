"""Entries of the parameter file as the page needs them, no more: what it does not say is None.

The report depends on no schema of another section: an option added to an algorithm or an engine
leaves the page as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self


class _Entry:
    """Reads its fields from a parameter entry, and leaves out all others."""

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> Self:
        """One entry of a section of the parameter file.

        Raises:
            TypeError: a field that the page cannot do without is missing.
        """
        names = (field.name for field in fields(cls))  # type: ignore[arg-type]
        return cls(**{name: entry[name] for name in names if name in entry})

    @classmethod
    def parse_all(cls, section: Mapping[str, Mapping[str, Any]]) -> dict[str, Self]:
        """Every entry of a section by name."""
        return {name: cls.parse(entry) for name, entry in section.items()}


@dataclass(frozen=True)
class ReportedDraw(_Entry):
    """An entry of `draws`: a model on sets, and how it was sampled."""

    model: str
    sets: Sequence[str]
    n: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_new_tokens: int | None = None
    template: str | None = None
    engine: str | None = None


@dataclass(frozen=True)
class ReportedSet(_Entry):
    """An entry of `sets`: a source of problems, filters, and whose images it shows."""

    problems: str
    filters: Sequence[Mapping[str, Any]] = ()
    images: str = "own"

    @property
    def shuffled(self) -> bool:
        """Whether each problem shows the image of another: a control."""
        return self.images == "shuffled"


@dataclass(frozen=True)
class ReportedArm(_Entry):
    """An entry of `train`; of its algorithm the name alone."""

    start: str
    algorithm: Mapping[str, Any]
    set: str
    steps: int | None = None
    prompts: int | None = None
    rollouts: int | None = None
    temperature: float | None = None
    learning_rate: float | None = None
    beta: float | None = None

    @property
    def algorithm_name(self) -> str:
        """The algorithm as the parameter file names it."""
        return str(self.algorithm["name"])


@dataclass(frozen=True)
class ReportedFineTuning(_Entry):
    """An entry of `sft`."""

    start: str
    demonstrations: str | None = None
    steps: int | None = None
    batch: int | None = None
    learning_rate: float | None = None
