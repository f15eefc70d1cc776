"""Stage group `import`: somebody else's samples as problems and responses in normal form."""

from pathlib import Path

import polars as pl

from passk.config import paths
from passk.core.rows import RecordedError, Row, read_rows
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES
from passk.data import recorded_samples as samples
from passk.data.benchmark_settings import Joined
from passk.data.benchmarks import read_benchmark
from passk.data.import_settings import Columns, Imported
from passk.data.imported import normal_form
from passk.data.sources import source
from passk.domains.completions import complete_problems
from passk.domains.registry import DOMAINS
from passk.domains.verdict import JudgeError
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Read the file whole, then write both tables; returns their sizes."""
    settings = job.settings("imported", Imported)
    try:
        rows = read_rows(Path(settings.path))
        if settings.benchmark is None:
            tables = normal_form(rows, settings.columns, job.item, settings.domain)
        else:
            tables = _of_benchmark(rows, settings.columns, settings.benchmark, job.item)
        problems, responses = tables
    except (RecordedError, JudgeError) as error:
        raise StageError(f"imported.{job.item}: {error}") from error
    PROBLEMS.write(problems, paths.problems(job.study, job.item))
    RESPONSES.write(responses, paths.model(job.study, job.item) / "responses.parquet")
    return {"problems": float(problems.height), "samples": float(responses.height)}


def _of_benchmark(
    rows: list[Row], columns: Columns, benchmark: Joined, name: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Problems and responses of samples that name a benchmark's problems."""
    known = source(benchmark.source)
    domain = DOMAINS[known.domain]
    asked_problems = read_benchmark(
        benchmark.source, Path(benchmark.path), benchmark.sha256, benchmark.without
    )
    answered = samples.join(
        rows,
        asked_problems,
        columns,
        benchmark.holds,
        partial=benchmark.partial,
        others=benchmark.others,
    )
    problems = [entry.problem for entry in answered]
    problems = complete_problems(domain.name, problems, benchmark)
    answered = [
        entry._replace(problem=problem) for entry, problem in zip(answered, problems, strict=True)
    ]
    return samples.tables(answered, name, domain, known.title)
