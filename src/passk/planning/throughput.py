"""Tokens a second of a model on a GPU: what others measured, or a bound by memory and arithmetic.

Decoding S sequences at once, an engine reads all weights and the sequences' cache once for each
token of every sequence, and computes two operations a weight and token:

    seconds a step = max((weights + S * cache * length) / bandwidth, 2 * W * S / arithmetic)
    tokens a second = achieved * S / seconds a step

W: number of weights, two bytes each; length: tokens of a sequence that is half done, prompt and
half of the response; S: as many as fit beside the weights, 256 at most. Over G GPUs (tensor
parallel) memory, bandwidth and arithmetic are G-fold; the table is per GPU. `achieved` is an
assumption (`throughput.yaml`), as is the share that training reaches.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

from passk.core.legal import suggest
from passk.core.yaml_files import ParameterError

_GROUPS = (1, 2, 4, 8)  # GPUs that hold one copy of a model
_ENOUGH = 0.75  # of the tokens per GPU of the best group


@dataclass(frozen=True)
class ModelSize:
    """What of a model decides how fast it is.

    Attributes:
        nominal: billions of weights as its name says.
        weights: number of weights.
        cache: bytes of the key-value cache of a token.
    """

    nominal: float
    weights: float
    cache: float


@dataclass(frozen=True)
class Speed:
    """Tokens a second and GPU, on groups of so many GPUs, and where the number is from."""

    tokens: float
    gpus: int
    source: str


@dataclass(frozen=True)
class Throughput:
    """A GPU, shapes of models, and what was measured of them.

    Attributes:
        gpu: its name in `throughput.yaml`.
        table: the content of that file.
        measured: size in a model's name, in billions -> tokens a second and GPU.
    """

    gpu: str
    table: Mapping[str, Any]
    measured: Mapping[float, float]

    def size(self, name: str) -> ModelSize | None:
        """The size that a repository's name states; None where it states none.

        Example:
            >>> throughput("H100").size("Qwen/Qwen2.5-7B-Instruct-1M").nominal
            7.0
        """
        found = re.search(r"(?<![\d.])(\d+(?:\.\d+)?)[Bb](?![A-Za-z0-9])", name.rpartition("/")[2])
        if found is None:
            return None
        nominal = float(found[1])
        shape = self.table["shapes"].get(f"{nominal:g}", {"weights": nominal})
        cache_bytes = shape.get("cache", self.table["other_cache"] * nominal)
        return ModelSize(nominal, shape["weights"] * 1e9, cache_bytes)

    def decoding(
        self,
        size: ModelSize,
        length: float,
        gpus: int | None = None,
        memory_share: float | None = None,
    ) -> Speed | None:
        """How fast responses are drawn; None where the model fits no group of GPUs.

        Args:
            size: of the model.
            length: mean tokens of a sequence while it is drawn.
            gpus: that hold one copy; None: the fewest with 3/4 of the most tokens per GPU, as
                copies of a model are faster than the bound of one copy over more GPUs.
            memory_share: of a GPU, for weights and cache; None: the table's.
        """
        if size.nominal in self.measured:
            return Speed(self.measured[size.nominal], gpus or 1, "stated")
        share = memory_share or self.table["memory_share"]
        bounds = {
            group: self._bound(size, length, group, share)
            for group in ((gpus,) if gpus else _GROUPS)
        }
        most = max(bounds.values())
        if most == 0:
            return None
        chosen = min(group for group, tokens in bounds.items() if tokens >= _ENOUGH * most)
        return Speed(bounds[chosen], chosen, f"bound of {self.gpu} x {self.table['achieved']}")

    def _bound(self, size: ModelSize, length: float, gpus: int, share: float) -> float:
        """Tokens a second and GPU; 0 where the model does not fit."""
        device = self.table["gpus"][self.gpu]
        room = share * device["memory"] * 1e9 * gpus - 2 * size.weights
        sequences = min(self.table["sequences"], room // (size.cache * length))
        if sequences < 1:
            return 0.0
        moved = 2 * size.weights + sequences * size.cache * length
        step = max(
            moved / (device["bandwidth"] * 1e12 * gpus),
            2 * size.weights * sequences / (device["flops"] * 1e12 * gpus),
        )
        return float(self.table["achieved"] * sequences / step / gpus)

    def training_seconds(self, size: ModelSize, tokens: float, passes: float) -> float:
        """GPU seconds to train on tokens; `passes`: operations a weight and token."""
        flops = self.table["gpus"][self.gpu]["flops"] * 1e12
        return passes * size.weights * tokens / (self.table["training"] * flops)


@cache
def _table() -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath("throughput.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = YAML(typ="safe", pure=True).load(text)
    return loaded


def throughput(gpu: str, measured: Mapping[float, float] | None = None) -> Throughput:
    """What is known of a GPU.

    Raises:
        ParameterError: no such GPU; names what is legal.
    """
    table = _table()
    if gpu not in table["gpus"]:
        raise ParameterError(f"--gpu {gpu}: not known; {suggest(gpu, table['gpus'])}")
    return Throughput(gpu, table, dict(measured or {}))
