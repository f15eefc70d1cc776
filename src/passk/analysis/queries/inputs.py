"""What a question is asked of: count tables, their cells, and the section `analysis`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from passk.analysis.cells import Cell, paired
from passk.params.analysis import Analysis


@dataclass(frozen=True)
class Inputs:
    """Everything a question may use.

    Attributes:
        analysis: the parameters.
        seed: the study's seed.
        counts: count tables, one per draw.
        cells: their rows by (draw, set).
        training: training log of each arm.
    """

    analysis: Analysis
    seed: int
    counts: tuple[Path, ...] = ()
    cells: Mapping[tuple[str, str], Cell] = field(default_factory=dict)
    training: Mapping[str, Path] = field(default_factory=dict)

    def pairs(self) -> pl.DataFrame:
        """The pairs as a table `pair, base, rl` for a query."""
        rows = [(name, pair.base, pair.rl) for name, pair in self.analysis.pairs.items()]
        schema = {"pair": pl.String, "base": pl.String, "rl": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def compared(self) -> list[tuple[str, Cell, Cell]]:
        """Name, base cell and RL cell of every pair on every set that both draws share."""
        return [
            (name, base, rl)
            for name, pair in self.analysis.pairs.items()
            for base, rl in paired(self.cells, name, pair.base, pair.rl)
        ]
