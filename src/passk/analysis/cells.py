"""Cells: the counts of one draw on one set, the unit that every question works on.

Resampling is arranged here too, so that every question (and the first figure) sees the same
resamples: problems by the set alone, which pairs all draws on a set, samples by draw and set.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from passk.analysis.metrics import Integers
from passk.analysis.statistics import Curve, bootstrap_curve, draw_problems
from passk.core.digests import seed as seed_of


@dataclass(frozen=True)
class Cell:
    """Counts of one draw on one set; problems in the order of their ids."""

    draw: str
    set: str
    model: str
    temperature: float | None
    problem_ids: tuple[str, ...]
    n: Integers
    c: Integers

    @property
    def smallest_n(self) -> int:
        """The largest k at which pass@k is defined for every problem."""
        return int(self.n.min())

    @property
    def greedy(self) -> bool:
        """Whether the draw is greedy decoding, which has one answer and no curve."""
        return self.temperature == 0


def split(counts: pl.DataFrame) -> dict[tuple[str, str], Cell]:
    """The cells of a count table by (draw, set), sorted.

    Raises:
        ValueError: a row has counts that no experiment can give; it is named.
    """
    impossible = counts.filter(
        (pl.col("n") < 1)
        | (pl.col("c") < 0)
        | (pl.col("unknown") < 0)
        | (pl.col("c") + pl.col("unknown") > pl.col("n"))
    )
    if len(impossible):
        row = impossible.row(0, named=True)
        raise ValueError(
            f"counts of draw {row['draw']!r}, set {row['set']!r}, problem {row['problem_id']}: "
            f"n={row['n']}, c={row['c']}, unknown={row['unknown']} is impossible "
            "(n >= 1 and c + unknown <= n must hold); run the count stage again"
        )
    cells = {}
    ordered = counts.sort("draw", "set", "problem_id")
    for rows in ordered.partition_by("draw", "set", maintain_order=True):
        first = rows.row(0, named=True)
        cells[first["draw"], first["set"]] = Cell(
            draw=first["draw"],
            set=first["set"],
            model=first["model"],
            temperature=first["temperature"],
            problem_ids=tuple(rows["problem_id"]),
            n=rows["n"].to_numpy(),
            c=rows["c"].to_numpy(),
        )
    return cells


def curve(cell: Cell, k: Sequence[int], seed: int, resamples: int) -> Curve:
    """The bootstrapped pass@k curve of a cell.

    Args:
        cell: counts.
        k: attempts; none above `cell.smallest_n`.
        seed: the study's seed.
        resamples: how many bootstrap resamples.
    """
    problems = np.random.default_rng(seed_of("bootstrap problems", seed, cell.set))
    samples = np.random.default_rng(seed_of("bootstrap samples", seed, cell.draw, cell.set))
    drawn = draw_problems(len(cell.problem_ids), resamples, problems)
    return bootstrap_curve(cell.n, cell.c, np.asarray(k), drawn, samples)


def clip(k: Iterable[int], *cells: Cell) -> list[int]:
    """The grid up to the smallest n of the cells.

    Where n differs by problem (imported samples), a larger k would average over fewer problems
    at each step, and the curve could fall; so it ends at the smallest n.
    """
    return [value for value in k if value <= min(cell.smallest_n for cell in cells)]


def paired(
    cells: Mapping[tuple[str, str], Cell], name: str, base: str, rl: str
) -> list[tuple[Cell, Cell]]:
    """The cells of a pair of draws, set by set.

    Raises:
        ValueError: a draw has no counts, no set is shared, or a shared set's problems differ.
    """
    draws = sorted({draw for draw, _ in cells})
    for role, draw in (("base", base), ("rl", rl)):
        if draw not in draws:
            raise ValueError(
                f"analysis.pairs.{name}.{role} = {draw!r}: no such draw; legal: {', '.join(draws)}"
            )
    shared = sorted({s for d, s in cells if d == base} & {s for d, s in cells if d == rl})
    if not shared:
        raise ValueError(f"analysis.pairs.{name}: draws {base!r} and {rl!r} share no set")
    found = []
    for set_name in shared:
        left, right = cells[base, set_name], cells[rl, set_name]
        if different := set(left.problem_ids) ^ set(right.problem_ids):
            raise ValueError(
                f"analysis.pairs.{name}: draws {base!r} and {rl!r} have different problems in set "
                f"{set_name!r}, e.g. {min(different)}; run both draws on the same set"
            )
        found.append((left, right))
    return found
