"""`count@DRAW`: how many samples of each problem are correct, and how many unknown."""

from pathlib import Path

import polars as pl

from passk.analysis.counting import count_verdicts
from passk.config import paths
from passk.core.schemas.counts import COUNTS
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.models.naming import parse
from passk.pipeline.stages.job import Job, StageError
from passk.sampling.engines.registry import ENGINES
from passk.sampling.settings import Draw


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/counts/DRAW.parquet; returns totals."""
    draw = job.settings("draws", Draw)
    verdicts = paths.verdicts(job.study, job.item)
    samples = paths.samples(job.study, job.item)
    problems = [paths.problem_set(job.study, name) for name in draw.sets]
    # One column is enough to refuse a missing, damaged or outdated file.
    for table, files in ((VERDICTS, [verdicts]), (SAMPLES, [samples]), (PROBLEMS, problems)):
        for path in files:
            table.read(path, columns=["set"])
    counts = _add_draw(count_verdicts([verdicts], [samples], problems), draw)
    _check_draw(counts, job.item, verdicts)
    _check_n(counts, job.item, draw.n)
    counts = COUNTS.write(counts, paths.counts(job.study, job.item))
    n, c, unknown = counts.select(pl.col("n", "c", "unknown").sum()).row(0)
    return {
        "problems": float(len(counts)),
        "samples": float(n),
        "correct": float(c),
        "unknown": float(unknown),
    }


def _add_draw(counts: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """The counts with the columns that queries need.

    Template and temperature of recorded samples are null: nobody knows how these were drawn.
    """
    model = parse(draw.model)
    recorded = ENGINES[draw.engine].collect is not None
    constant = {
        "model": draw.model,
        "arm": model.arm,
        "step": model.step,
        "train_seed": model.train_seed,
        "template": None if recorded else draw.template,
        "temperature": None if recorded else draw.temperature,
        "replicate": draw.replicate,
        "engine": draw.engine,
    }
    return counts.with_columns(
        pl.lit(value, dtype=COUNTS.columns[name]).alias(name) for name, value in constant.items()
    )


def _check_draw(counts: pl.DataFrame, name: str, verdicts: Path) -> None:
    """Refuse verdicts on another draw."""
    if len(others := counts.filter(pl.col("draw") != name)):
        raise StageError(f"{verdicts}: holds draw {others['draw'][0]!r}, expected {name!r}")


def _check_n(counts: pl.DataFrame, name: str, n: int | None) -> None:
    """A draw has n samples of every problem; None: recorded ones may differ."""
    if n is None:
        return
    if len(others := counts.filter(pl.col("n") != n)):
        row = others.row(0, named=True)
        raise StageError(
            f"draws.{name}.n = {n}, but {len(others)} problem(s) have another number of "
            f"samples, first set {row['set']!r}, index {row['index']}: {row['n']}; "
            "run the sample stage again"
        )
