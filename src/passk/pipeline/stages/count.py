"""`count@DRAW`: how many samples of each problem are correct, and how many unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from passk.analysis.counting import count_verdicts
from passk.config import paths
from passk.core.schemas.counts import COUNTS
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.models.naming import parse
from passk.pipeline.stages.job import Job, StageError


@dataclass(frozen=True)
class CountedDraw:
    """What counts say of a draw, from its parameters.

    Attributes:
        name: the draw.
        model: the model that was sampled.
        sets: the sets that it was sampled on.
        n: samples per problem; None where they may differ (imported samples).
        engine: who drew.
        template: prompt template; None for imported samples.
        temperature: of sampling; None for imported samples: nobody knows how they were drawn.
        replicate: of otherwise equal draws.
    """

    name: str
    model: str
    sets: tuple[str, ...]
    n: int | None
    engine: str
    template: str | None
    temperature: float | None
    replicate: int


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/counts/DRAW.parquet; returns totals."""
    draw = _parse_draw(job.item, job.params["draws"][job.item])
    verdicts = paths.verdicts(job.study, draw.name)
    samples = paths.samples(job.study, draw.name)
    problems = [paths.problem_set(job.study, name) for name in draw.sets]
    # One column is enough to refuse a missing, damaged or outdated file.
    for table, files in ((VERDICTS, [verdicts]), (SAMPLES, [samples]), (PROBLEMS, problems)):
        for path in files:
            table.read(path, columns=["set"])
    rows = _add_draw(count_verdicts([verdicts], [samples], problems), draw)
    _check_draw(rows, draw, verdicts)
    _check_n(rows, draw)
    written = COUNTS.write(rows, paths.counts(job.study, draw.name))
    n, c, unknown = written.select(pl.col("n", "c", "unknown").sum()).row(0)
    return {
        "problems": float(len(written)),
        "samples": float(n),
        "correct": float(c),
        "unknown": float(unknown),
    }


def _parse_draw(name: str, entry: Mapping[str, Any]) -> CountedDraw:
    """An entry of `draws`; its whole schema belongs to the stages that sample."""
    imported = entry["engine"] == "imported"
    return CountedDraw(
        name=name,
        model=entry["model"],
        sets=tuple(entry["sets"]),
        n=entry.get("n"),
        engine=entry["engine"],
        template=None if imported else entry.get("template"),
        temperature=None if imported else entry.get("temperature"),
        replicate=entry.get("replicate") or 0,
    )


def _add_draw(rows: pl.DataFrame, draw: CountedDraw) -> pl.DataFrame:
    """The counts with the columns that queries need."""
    model = parse(draw.model)
    constant = {
        "model": draw.model,
        "arm": model.arm,
        "step": model.step,
        "train_seed": model.train_seed,
        "template": draw.template,
        "temperature": draw.temperature,
        "replicate": draw.replicate,
        "engine": draw.engine,
    }
    return rows.with_columns(
        pl.lit(value, dtype=COUNTS.columns[name]).alias(name) for name, value in constant.items()
    )


def _check_draw(rows: pl.DataFrame, draw: CountedDraw, verdicts: Path) -> None:
    """Refuse verdicts on another draw."""
    if len(others := rows.filter(pl.col("draw") != draw.name)):
        raise StageError(f"{verdicts}: holds draw {others['draw'][0]!r}, expected {draw.name!r}")


def _check_n(rows: pl.DataFrame, draw: CountedDraw) -> None:
    """A draw has n samples of every problem; only imported samples may differ."""
    if draw.n is None:
        return
    if len(others := rows.filter(pl.col("n") != draw.n)):
        row = others.row(0, named=True)
        raise StageError(
            f"draws.{draw.name}.n = {draw.n}, but {len(others)} problem(s) have another number of "
            f"samples, first set {row['set']!r}, index {row['index']}: {row['n']}; "
            "run the sample stage again"
        )
