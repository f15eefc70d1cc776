"""What is taken for true of lengths, difficulties, sizes until tables say better (`priors.yaml`).

Example:
    >>> read_priors().response("Qwen/Qwen2.5-7B", "math", "gsm8k").tokens
    303.0
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML


@dataclass(frozen=True)
class Guess:
    """Tokens of a response, and where the number is from."""

    tokens: float
    source: str


@dataclass(frozen=True)
class Priors:
    """The content of `priors.yaml`, where every key is explained."""

    responses: list[Mapping[str, Any]]
    prompts: Mapping[str, Any]
    sets: Mapping[str, Mapping[str, float]]
    other_sets: Mapping[str, float]
    concentration: float
    problems: Mapping[str, Mapping[str, int]]
    judging: Mapping[str, float]
    bytes: Mapping[str, float]

    def response(self, model: str, domain: str, source: str | None) -> Guess:
        """Mean tokens of a model's responses to the problems of a source.

        Args:
            model: repository or folder that it comes from.
            domain: of the problems.
            source: a name in sources.yaml; None or another name: factor 1.
        """
        entry = next(entry for entry in self.responses if fnmatchcase(model, entry["model"]))
        mean = float(entry.get(domain, entry["math"]))
        factor = self._of(source)["length"]
        known = entry["source"].get(domain)
        words = "a guess" if known is None else known if factor == 1 else f"{known}, x {factor}"
        return Guess(mean * factor, f"prior: {words}")

    def shape(self, source: str | None) -> tuple[float, float]:
        """Parameters a and b of the Beta distribution of a set's success probabilities."""
        mean = self._of(source)["pass_at_1"]
        return mean * self.concentration, (1 - mean) * self.concentration

    def _of(self, source: str | None) -> Mapping[str, float]:
        return self.sets.get(source or "", self.other_sets)


@cache
def read_priors() -> Priors:
    """The priors that the package ships."""
    text = resources.files(__package__).joinpath("priors.yaml").read_text(encoding="utf-8")
    return Priors(**YAML(typ="safe", pure=True).load(text))
