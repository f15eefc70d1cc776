"""`count@DRAW`: how many samples of each problem are correct, and how many unknown."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from passk.analysis.queries.counting import count
from passk.config import paths
from passk.core.schemas.counts import COUNTS
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.models.naming import parse
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/counts/DRAW.parquet; returns totals."""
    draw = job.entry("draws")
    verdicts = paths.verdicts(job.study, job.item)
    samples = paths.samples(job.study, job.item)
    problems = [paths.problem_set(job.study, name) for name in draw["sets"]]
    # One column is enough to refuse a missing, damaged or outdated file.
    for table, files in ((VERDICTS, [verdicts]), (SAMPLES, [samples]), (PROBLEMS, problems)):
        for path in files:
            table.read(path, columns=["set"])
    rows = _described(count([verdicts], [samples], problems), draw)
    if len(strange := rows.filter(pl.col("draw") != job.item)):
        raise StageError(f"{verdicts}: holds draw {strange['draw'][0]!r}, expected {job.item!r}")
    _same_n(rows, job.item, draw)
    written = COUNTS.write(rows, paths.counts(job.study, job.item))
    totals = written.select(pl.col("n", "c", "unknown").sum()).row(0)
    return {
        "problems": float(len(written)),
        **{
            name: float(x)
            for name, x in zip(("samples", "correct", "unknown"), totals, strict=True)
        },
    }


def _described(rows: pl.DataFrame, draw: Mapping[str, Any]) -> pl.DataFrame:
    """The counts with the columns that queries need, from the draw's parameters."""
    model = parse(draw["model"])
    imported = draw["engine"] == "imported"
    constant = {
        "model": (draw["model"], pl.String),
        "arm": (model.arm, pl.String),
        "step": (model.step, pl.Int64),
        "train_seed": (model.train_seed, pl.Int64),
        # Nobody knows how imported samples were drawn.
        "template": (None if imported else draw.get("template"), pl.String),
        "temperature": (None if imported else draw.get("temperature"), pl.Float64),
        "replicate": (draw.get("replicate") or 0, pl.Int64),
        "engine": (draw["engine"], pl.String),
    }
    return rows.with_columns(
        pl.lit(value, dtype=kind).alias(key) for key, (value, kind) in constant.items()
    )


def _same_n(rows: pl.DataFrame, name: str, draw: Mapping[str, Any]) -> None:
    """A draw has n samples of every problem; only imported samples may differ."""
    if (n := draw.get("n")) is None:
        return
    if len(wrong := rows.filter(pl.col("n") != n)):
        row = wrong.row(0, named=True)
        raise StageError(
            f"draws.{name}.n = {n}, but {len(wrong)} problem(s) have another number of samples, "
            f"first set {row['set']!r}, index {row['index']}: {row['n']}; "
            "run the sample stage again"
        )
