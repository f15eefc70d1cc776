"""`analyze@QUESTION`: one question answered from counts, from verdicts, or from training logs."""

from collections.abc import Callable

import polars as pl

from passk.analysis.cells import split
from passk.analysis.queries import (
    cost,
    coverage,
    crossover,
    difference,
    efficiency,
    failures,
    greedy,
    histogram,
    pass_at_k,
    seeds,
    spread,
    training,
)
from passk.analysis.queries.inputs import Inputs
from passk.analysis.settings import FOLDERS, Analysis
from passk.analysis.views import excluded, members, with_views
from passk.config import manifest as catalog
from passk.config import paths
from passk.core.schemas import results
from passk.core.schemas.counts import COUNTS
from passk.core.tables import Table
from passk.pipeline.stages.job import Job, StageError

QUESTIONS: dict[str, tuple[Callable[[Inputs], pl.DataFrame], Table]] = {
    "pass_at_k": (pass_at_k.answer, results.PASS_AT_K),
    "difference": (difference.answer, results.DIFFERENCE),
    "crossover": (crossover.answer, results.CROSSOVER),
    "greedy": (greedy.answer, results.GREEDY),
    "coverage": (coverage.answer, results.COVERAGE),
    "histogram": (histogram.answer, results.HISTOGRAM),
    "efficiency": (efficiency.answer, results.EFFICIENCY),
    "spread": (spread.answer, results.SPREAD),
    "seeds": (seeds.answer, results.SEEDS),
    "failures": (failures.answer, results.FAILURES),
    "training": (training.answer, results.TRAINING),
    "cost": (cost.answer, results.COST),
}


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/results/QUESTION.parquet; returns its number of rows."""
    if job.item not in QUESTIONS:
        raise StageError(
            f"analysis.questions.{job.item}: no such question; legal: {', '.join(QUESTIONS)}"
        )
    answer, table = QUESTIONS[job.item]
    written = table.write(answer(_inputs(job)), paths.results(job.study, job.item))
    return {"rows": float(len(written))}


def _inputs(job: Job) -> Inputs:
    """Only declared draws and arms are read: a folder may hold strangers."""
    analysis = Analysis.model_validate(job.params["analysis"])
    seed = int(job.params["seed"])
    folder = FOLDERS.get(job.item, "counts")
    declared = catalog.read(paths.catalog(job.study, folder))
    if folder == "training":
        logs = {arm: paths.training_log(job.study, arm) for arm in declared}
        return Inputs(analysis, seed, training=logs)
    if not declared:
        raise StageError("draws: there is none, so there is nothing to analyse; add a draw")
    views, left_out = _views(job)
    if folder == "verdicts":
        judged = tuple(paths.verdicts(job.study, draw) for draw in declared)
        return Inputs(analysis, seed, verdicts=judged, views=views)
    tables = pl.concat(COUNTS.read(paths.counts(job.study, draw)) for draw in declared)
    counts = with_views(tables, views)
    return Inputs(analysis, seed, counts=counts, cells=split(counts), excluded=left_out)


def _views(job: Job) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the views hold, and what coverage leaves out."""
    known = catalog.read(paths.catalog(job.study, "views"))
    views = members(known["views"])
    return views, with_views(excluded(known["excluded"]), views)
