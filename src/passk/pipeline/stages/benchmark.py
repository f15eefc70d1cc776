"""`benchmark@NAME`: the problems of a published file in normal form."""

from pathlib import Path

from passk.config import paths
from passk.core.rows import RecordedError
from passk.core.schemas.problems import PROBLEMS
from passk.data.benchmark_settings import Benchmark
from passk.data.benchmarks import read_benchmark
from passk.domains.benchmark_problem import FLAGGED
from passk.domains.benchmark_tables import problem_table
from passk.domains.completions import complete_problems
from passk.domains.registry import DOMAINS
from passk.domains.verdict import JudgeError
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write a benchmark's problems; returns how many, and of which kinds."""
    settings = job.settings("benchmarks", Benchmark)
    known = settings.described
    if not settings.pinned:
        raise StageError(f"benchmarks.{job.item}.sha256 is null: not pinned yet; run `passk pin`")
    domain = DOMAINS[known.domain]
    try:
        problems = read_benchmark(
            settings.source or known, Path(settings.path), settings.sha256, settings.without
        )
        problems = complete_problems(domain.name, problems, settings)
    except (RecordedError, JudgeError) as error:
        raise StageError(f"benchmarks.{job.item}: {error}") from error
    frame = problem_table(problems, job.item, domain, known.title)
    PROBLEMS.write(frame, paths.problems(job.study, job.item))
    numbers = {"problems": len(problems)}
    if domain.has_images:
        numbers["images"] = sum(problem.image is not None for problem in problems)
    else:
        numbers["without_tests"] = sum(problem.tests is None for problem in problems)
        numbers["flagged"] = sum(FLAGGED in problem.tags for problem in problems)
    return {name: float(number) for name, number in numbers.items()}
