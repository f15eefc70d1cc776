"""Evaluation groups: the counts of one draw on one set, the unit that every question works on.

Resampling is arranged here too, so that every question (and the first figure) sees the same
resamples: problems by the set alone, which pairs all draws on a set, samples by draw and set.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from passk.analysis.bootstrap import BootstrapCurve, bootstrap_curve, draw_problems
from passk.analysis.every_k import bootstrap_every_k
from passk.analysis.metrics import Integers
from passk.core.digests import seed as seed_of


@dataclass(frozen=True)
class EvaluationGroup:
    """Counts of one draw on one set; problems in the order of their ids.

    Attributes:
        draw: the draw.
        set: the set, or a view of one.
        model: the model that was sampled.
        temperature: of sampling; None for imported samples.
        problem_ids: (M,) ids, ascending.
        n: (M,) samples per problem.
        c: (M,) correct ones among them.
    """

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


@dataclass(frozen=True)
class GroupComparison:
    """The two evaluation groups of a comparison on one set; both have the same problems."""

    name: str
    reference: EvaluationGroup
    candidate: EvaluationGroup

    @property
    def set(self) -> str:
        """The set that both draws sample."""
        return self.reference.set


def group_counts(counts: pl.DataFrame) -> dict[tuple[str, str], EvaluationGroup]:
    """The evaluation groups of a count table by (draw, set), sorted.

    Raises:
        ValueError: there is no problem, or a row has counts that no experiment can give; it is
            named.
    """
    if counts.is_empty():
        raise ValueError("no counts: no draw has a problem; did filters leave none?")
    _check_counts(counts)
    groups = {}
    ordered = counts.sort("draw", "set", "problem_id")
    for rows in ordered.partition_by("draw", "set", maintain_order=True):
        first = rows.row(0, named=True)
        groups[first["draw"], first["set"]] = EvaluationGroup(
            draw=first["draw"],
            set=first["set"],
            model=first["model"],
            temperature=first["temperature"],
            problem_ids=tuple(rows["problem_id"]),
            n=rows["n"].to_numpy(),
            c=rows["c"].to_numpy(),
        )
    return groups


def _check_counts(counts: pl.DataFrame) -> None:
    """Refuse counts that no experiment can give."""
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


def resample_curve(
    group: EvaluationGroup, k: Sequence[int], seed: int, resamples: int
) -> BootstrapCurve:
    """The bootstrapped pass@k curve of an evaluation group.

    Args:
        group: counts.
        k: (K,) attempts; none above `group.smallest_n`.
        seed: the study's seed.
        resamples: how many bootstrap resamples.
    """
    drawn, samples = _draw(group, seed, resamples)
    return bootstrap_curve(group.n, group.c, np.asarray(k), drawn, samples)


def resample_every_k(group: EvaluationGroup, seed: int, resamples: int) -> BootstrapCurve:
    """The same at every k up to the smallest n: the same resamples."""
    drawn, samples = _draw(group, seed, resamples)
    return bootstrap_every_k(group.n, group.c, drawn, samples)


def _draw(
    group: EvaluationGroup, seed: int, resamples: int
) -> tuple[Integers, np.random.Generator]:
    """Resampled problems, by the set alone, and the generator of samples, by draw and set."""
    problems = np.random.default_rng(seed_of("bootstrap problems", seed, group.set))
    samples = np.random.default_rng(seed_of("bootstrap samples", seed, group.draw, group.set))
    return draw_problems(len(group.problem_ids), resamples, problems), samples


def clip(k: Iterable[int], *groups: EvaluationGroup) -> list[int]:
    """The grid up to the smallest n of the groups.

    Where n differs by problem (imported samples), a larger k would average over fewer problems
    at each step, and the curve could fall; so it ends at the smallest n.

    Raises:
        ValueError: no k of the grid is at most n; a draw without a point would vanish.
    """
    least = min(groups, key=lambda group: group.smallest_n)
    grid = [value for value in k if value <= least.smallest_n]
    if not grid:
        raise ValueError(
            f"analysis.k: no k is at most n = {least.smallest_n} of draw {least.draw!r} in set "
            f"{least.set!r}, and pass@k is not defined for k above n; add a smaller k"
        )
    return grid


def compare_groups(
    groups: Mapping[tuple[str, str], EvaluationGroup], name: str, reference: str, candidate: str
) -> list[GroupComparison]:
    """The groups of two draws, set by set.

    Args:
        groups: evaluation groups by (draw, set).
        name: the comparison's name.
        reference: the draw that is compared with.
        candidate: the draw that is compared.

    Raises:
        ValueError: the draws are one, a draw has no counts, no set is shared, or a shared set's
            problems differ.
    """
    if reference == candidate:
        raise ValueError(
            f"analysis.comparisons.{name}: draw {reference!r} is compared with itself, which says "
            "nothing; for a null, draw it again with another `replicate`"
        )
    draws = sorted({draw for draw, _ in groups})
    for role, draw in (("reference", reference), ("candidate", candidate)):
        if draw not in draws:
            raise ValueError(
                f"analysis.comparisons.{name}.{role} = {draw!r}: no such draw; legal: "
                f"{', '.join(draws)}"
            )
    shared = sorted(
        {s for d, s in groups if d == reference} & {s for d, s in groups if d == candidate}
    )
    if not shared:
        raise ValueError(
            f"analysis.comparisons.{name}: draws {reference!r} and {candidate!r} share no set"
        )
    comparisons = [
        GroupComparison(name, groups[reference, set_name], groups[candidate, set_name])
        for set_name in shared
    ]
    for comparison in comparisons:
        _check_problems(comparison)
    return comparisons


def _check_problems(comparison: GroupComparison) -> None:
    """Refuse to compare draws problem by problem where their problems differ."""
    left, right = comparison.reference, comparison.candidate
    if different := set(left.problem_ids) ^ set(right.problem_ids):
        raise ValueError(
            f"analysis.comparisons.{comparison.name}: draws {left.draw!r} and {right.draw!r} have "
            f"different problems in set {comparison.set!r}, e.g. {min(different)}; run both "
            "draws on the same set"
        )
