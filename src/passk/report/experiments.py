"""The experiments of arXiv 2504.13837 as data (`experiments.yaml`), by their keys.

Example:
    >>> list_experiments()["fig-2"].number
    'Fig. 2, 9 (later version: Fig. 2, 10)'
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ruamel.yaml import YAML


@dataclass(frozen=True)
class PublishedExperiment:
    """A figure, table or reading of the paper.

    Attributes:
        v2: its number in version 2; None where it is not there.
        later: its number in the later version; None where that is not known.
        shows: what it shows.
    """

    v2: str | None
    later: str | None
    shows: str

    @property
    def number(self) -> str:
        """Both numbers in words."""
        if self.v2 is None:
            return f"later version: {self.later}"
        same = self.later in (None, "the same", self.v2)
        return self.v2 if same else f"{self.v2} (later version: {self.later})"


@cache
def list_experiments() -> Mapping[str, PublishedExperiment]:
    """All experiments by key, in the order of the paper."""
    text = resources.files(__package__).joinpath("experiments.yaml").read_text(encoding="utf-8")
    entries = YAML(typ="safe", pure=True).load(text)
    return {name: PublishedExperiment(**entry) for name, entry in entries.items()}
