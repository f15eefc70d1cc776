"""Stage group `import`: somebody else's samples as problems and responses in normal form."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from passk.config import paths
from passk.config.imported_paths import reading as reading_path
from passk.core.files import write_json
from passk.core.rows import RecordedError
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES
from passk.data.benchmark_settings import Joined
from passk.data.benchmarks import read_benchmark
from passk.data.import_settings import Imported
from passk.domains.benchmark_tables import problem_table
from passk.domains.completions import complete_problems
from passk.domains.registry import DOMAINS
from passk.domains.verdict import JudgeError
from passk.logs.alignment import AlignedProblem
from passk.logs.benchmark_join import in_common, join_benchmark
from passk.logs.imported import ImportedSides, read_sides
from passk.logs.sample import LogSample
from passk.logs.tables import identity, tabulate_problems, tabulate_responses
from passk.pipeline.stages.job import Job, StageError
from passk.report.read_draws import read_draw

Responses = Mapping[str, Mapping[str, Sequence[LogSample]]]  # model -> problem id -> samples


def run(job: Job) -> dict[str, float]:
    """Read all files, then write the problems and each model's responses; returns their sizes."""
    settings = job.settings("imported", Imported)
    try:
        read = read_sides(settings)
        if settings.benchmark is None:
            problems, responses = _stated(read, settings, job.item)
        else:
            problems, responses = _of_benchmark(read, settings, settings.benchmark, job.item)
    except (RecordedError, JudgeError) as error:
        raise StageError(f"imported.{job.item}: {error}") from error
    tables = {model: tabulate_responses(samples) for model, samples in responses.items()}
    PROBLEMS.write(problems, paths.problems(job.study, job.item))
    write_json(reading_path(job.study, job.item), _describe(read, responses))
    for model, table in tables.items():
        RESPONSES.write(table, paths.model(job.study, job.item) / model / "responses.parquet")
    return {
        "problems": float(problems.height),
        "samples": float(sum(table.height for table in tables.values())),
    }


def _describe(read: ImportedSides, responses: Responses) -> dict[str, Any]:
    """What was read of each model's files."""
    return {
        model: asdict(
            read_draw(
                read.files[model],
                read.summaries[model],
                side,
                len(side) - len(responses[model]),
            )
        )
        for model, side in read.sides.items()
    }


def _stated(read: ImportedSides, settings: Imported, name: str) -> tuple[pl.DataFrame, Responses]:
    """Problems that the files themselves state."""
    aligned = read.align(settings.min_n).problems
    sets = sorted({problem.key[0] for problem in aligned})
    if len(sets) > 1:
        raise RecordedError(
            f"{settings.path}: rows are of several sets: {', '.join(sets)}; choose one by "
            "`where: {PATH: VALUE}`, and import each under a name of its own"
        )
    problems = tabulate_problems(aligned, settings.domain).with_columns(set=pl.lit(name))
    responses = {
        model: {identity(settings.domain, problem): _samples(problem, model) for problem in aligned}
        for model in read.sides
    }
    return problems, responses


def _samples(problem: AlignedProblem, model: str) -> Sequence[LogSample]:
    return problem.answered[model].samples


def _of_benchmark(
    read: ImportedSides, settings: Imported, benchmark: Joined, name: str
) -> tuple[pl.DataFrame, Responses]:
    """Problems of a benchmark that the samples name."""
    known = benchmark.described
    domain = DOMAINS[known.domain]
    asked = read_benchmark(
        benchmark.source or known, Path(benchmark.path), benchmark.sha256, benchmark.without
    )
    answered = {
        model: join_benchmark(
            side, asked, benchmark.holds, partial=benchmark.partial, others=benchmark.others
        )
        for model, side in read.sides.items()
    }
    kept = in_common(answered, asked, settings.min_n)
    complete = complete_problems(domain.name, [problem for _, problem in kept], benchmark)
    problems = problem_table(
        complete, name, domain, known.title, [position for position, _ in kept]
    )
    identities = dict(problems.select("index", "problem_id").iter_rows())
    responses = {
        model: {identities[position]: samples[problem.name] for position, problem in kept}
        for model, samples in answered.items()
    }
    return problems, responses
