"""`benchmark@NAME`: the problems of a published file in normal form."""

from pathlib import Path

from passk.config import paths
from passk.core.rows import RecordedError
from passk.core.schemas.problems import PROBLEMS
from passk.data.benchmark_settings import Benchmark
from passk.data.readers import read
from passk.data.sources import source
from passk.domains.base_reader import FLAGGED, normal_form
from passk.domains.code.readers.references import with_expected
from passk.domains.code.sandbox.pool import SandboxError
from passk.domains.visual.readers.image_files import illustrated
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write a benchmark's problems; returns how many, and of which kinds."""
    settings = Benchmark.model_validate(job.entry("benchmarks"))
    known = source(settings.source)
    try:
        problems = read(settings.source, Path(settings.path), settings.sha256, settings.without)
        if known.domain == "code":
            problems = with_expected(problems, settings.options())
        if known.domain == "visual":
            problems = illustrated(problems, settings)
    except (RecordedError, SandboxError) as error:
        raise StageError(f"benchmarks.{job.item}: {error}") from error
    frame = normal_form(problems, job.item, known.domain, known.title)
    PROBLEMS.write(frame, paths.problems(job.study, job.item))
    found = {"problems": len(problems)}
    if known.domain == "visual":
        found["pictures"] = sum(one.picture is not None for one in problems)
    else:
        found["without_tests"] = sum(one.tests is None for one in problems)
        found["flagged"] = sum(FLAGGED in one.tags for one in problems)
    return {name: float(number) for name, number in found.items()}
