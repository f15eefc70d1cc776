"""What a question may use: counts, verdicts, logs, scores or sets, and `analysis`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from passk.analysis.bootstrap import BootstrapCurve
from passk.analysis.database import QueryTable
from passk.analysis.evaluation_groups import (
    EvaluationGroup,
    GroupComparison,
    compare_groups,
    resample_curve,
)
from passk.analysis.settings import Analysis
from passk.analysis.views import EXCLUDED, VIEWS


@dataclass(frozen=True)
class ScoredResponses:
    """The responses of a draw as a model scores them.

    Attributes:
        table: of the contract SCORES, without those that have no token.
        draw: whose responses.
        model: whose probabilities.
        own: the entry of `scores:` in which this model scores its own responses; None: none does.
    """

    table: pl.DataFrame
    draw: str
    model: str
    own: str | None = None


@dataclass(frozen=True)
class QuestionInputs:
    """Everything a question may use; what it does not read is left empty.

    Attributes:
        analysis: the parameters.
        seed: the study's seed.
        counts: count tables, their views included.
        groups: their rows by (draw, set).
        excluded: `set, problem_id` of the problems that coverage leaves out, views included.
        verdicts: verdict tables, one per draw.
        views: `view, set, problem_id`: the problems that each view holds.
        training: training log of each arm, a row per step.
        scores: scored responses by entry of `scores:`.
        problems: the sets that draws sample, of the contract PROBLEMS without images.
        expansions: exact chances of problems, of the contract EXPANSIONS.
        curves: curves made so far; a draw that several comparisons share is resampled once.
    """

    analysis: Analysis
    seed: int
    counts: QueryTable = ()
    groups: Mapping[tuple[str, str], EvaluationGroup] = field(default_factory=dict)
    excluded: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EXCLUDED))
    verdicts: tuple[Path, ...] = ()
    views: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=VIEWS))
    training: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    scores: Mapping[str, ScoredResponses] = field(default_factory=dict)
    problems: pl.DataFrame = field(default_factory=pl.DataFrame)
    expansions: pl.DataFrame = field(default_factory=pl.DataFrame)
    curves: dict[tuple[str, str, tuple[int, ...]], BootstrapCurve] = field(
        default_factory=dict, compare=False
    )

    def curve(self, group: EvaluationGroup, k: Sequence[int]) -> BootstrapCurve:
        """The bootstrapped curve of an evaluation group, as the parameters ask for it."""
        key = (group.draw, group.set, tuple(k))
        if key not in self.curves:
            resamples = self.analysis.bootstrap.resamples
            self.curves[key] = resample_curve(group, k, self.seed, resamples)
        return self.curves[key]

    def comparison_table(self) -> pl.DataFrame:
        """The comparisons as a table `comparison, reference, candidate` for a query."""
        rows = [(name, c.reference, c.candidate) for name, c in self.analysis.comparisons.items()]
        schema = {"comparison": pl.String, "reference": pl.String, "candidate": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def comparisons(self) -> list[GroupComparison]:
        """Every comparison on every set that both of its draws share."""
        return [
            comparison
            for name, entry in self.analysis.comparisons.items()
            for comparison in compare_groups(self.groups, name, entry.reference, entry.candidate)
        ]
