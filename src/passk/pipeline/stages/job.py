"""What a stage is told: its item, and the parameters that `dvc.yaml` declares for it, no others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

Schema = TypeVar("Schema", bound=BaseModel)


class StageError(Exception):
    """A stage cannot go on; the message names the place and the remedy."""


@dataclass(frozen=True)
class Job:
    """One execution of one stage.

    Attributes:
        group: the stage group, e.g. `sample`.
        item: the item within the group, e.g. a draw's name; empty for a stage without items.
        params: only what `dvc.yaml` declares for this stage, so that nothing undeclared can
            influence it; nested as in `params.yaml`, e.g. `params["draws"]["base"]`.
        inputs: identifies all dependencies and parameters; a resume folder is keyed by it.
    """

    group: str
    item: str
    params: Mapping[str, Any]
    inputs: str

    @property
    def study(self) -> str:
        """The study's name: the folder under `data/` and `models/`."""
        return str(self.params["study"])

    @property
    def seed(self) -> int:
        """The study's seed, part of every random stream."""
        return int(self.params["seed"])

    def settings(self, section: str, schema: type[Schema]) -> Schema:
        """The parameters of this job's item in a section, e.g. `draws.base`, as their schema.

        Raises:
            ValidationError: they do not fit; `passk check` names the key and its legal values.
        """
        return schema.model_validate(self.params[section][self.item])

    def section(self, key: str, schema: type[Schema]) -> Schema:
        """The parameters at a dotted key, e.g. `analysis.bootstrap`, as their schema.

        Raises:
            ValidationError: they do not fit; `passk check` names the key and its legal values.
        """
        values: Any = self.params
        for part in key.split("."):
            values = values[part]
        return schema.model_validate(values)

    def sets_of(self, draw: str) -> tuple[str, ...]:
        """The sets that a draw samples; all that stages after `sample` declare of most draws."""
        return tuple(self.params["draws"][draw]["sets"])
