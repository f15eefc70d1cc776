"""What a stage is told: its item, and the parameters that `dvc.yaml` declares for it, no others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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

    def entry(self, section: str) -> Mapping[str, Any]:
        """The parameters of this job's item in a section, e.g. `draws.base`."""
        return self.params[section][self.item]  # type: ignore[no-any-return]
