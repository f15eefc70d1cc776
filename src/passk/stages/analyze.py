"""`analyze@QUESTION`: one question answered from the count tables, or from the training logs."""

from collections.abc import Callable

import polars as pl

from passk import catalog, paths
from passk.analysis.cells import split
from passk.analysis.queries import (
    cost,
    coverage,
    crossover,
    difference,
    efficiency,
    greedy,
    histogram,
    pass_at_k,
    seeds,
    spread,
    training,
)
from passk.analysis.queries.inputs import Inputs
from passk.params.analysis import OF_TRAINING, Analysis
from passk.schemas import results
from passk.schemas.counts import COUNTS
from passk.stages.job import Job, StageError
from passk.tables import Table

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
    if job.item in OF_TRAINING:
        arms = catalog.read(paths.catalog(job.study, "training"))
        return Inputs(
            analysis, seed, training={arm: paths.training_log(job.study, arm) for arm in arms}
        )
    draws = catalog.read(paths.catalog(job.study, "counts"))
    files = tuple(paths.counts(job.study, draw) for draw in draws)
    if not files:
        raise StageError("draws: there is none, so there is nothing to analyse; add a draw")
    counts = pl.concat(COUNTS.read(path) for path in files)
    return Inputs(analysis, seed, counts=files, cells=split(counts))
