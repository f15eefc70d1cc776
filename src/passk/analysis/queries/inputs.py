"""What a question is asked of: count tables, their cells, and the section `analysis`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from passk.analysis.cells import Cell, curve, paired
from passk.analysis.database import Source
from passk.analysis.settings import Analysis
from passk.analysis.statistics import Curve

EXCLUDED = {"set": pl.String(), "problem_id": pl.String()}
VIEWS = {"view": pl.String(), "set": pl.String(), "problem_id": pl.String()}


@dataclass(frozen=True)
class Inputs:
    """Everything a question may use.

    Attributes:
        analysis: the parameters.
        seed: the study's seed.
        counts: count tables, their views included.
        cells: their rows by (draw, set).
        excluded: `set, problem_id` of the problems that coverage leaves out, views included.
        verdicts: verdict tables, one per draw.
        views: `view, set, problem_id`: the problems that each view holds.
        training: training log of each arm.
        drawn: curves made so far; a draw that several pairs share is resampled once.
    """

    analysis: Analysis
    seed: int
    counts: Source = ()
    cells: Mapping[tuple[str, str], Cell] = field(default_factory=dict)
    excluded: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EXCLUDED))
    verdicts: tuple[Path, ...] = ()
    views: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=VIEWS))
    training: Mapping[str, Path] = field(default_factory=dict)
    drawn: dict[tuple[str, str, tuple[int, ...]], Curve] = field(
        default_factory=dict, compare=False
    )

    def curve(self, cell: Cell, k: Sequence[int]) -> Curve:
        """The bootstrapped curve of a cell, as the parameters ask for it."""
        key = (cell.draw, cell.set, tuple(k))
        if key not in self.drawn:
            resamples = self.analysis.bootstrap.resamples
            self.drawn[key] = curve(cell, k, self.seed, resamples)
        return self.drawn[key]

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
