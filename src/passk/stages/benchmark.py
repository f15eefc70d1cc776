"""`benchmark@NAME`: the problems of a published file in normal form."""

from pathlib import Path

from passk import paths
from passk.params.benchmarks import Benchmark
from passk.problems.benchmarks.adapters import read
from passk.problems.benchmarks.form import FLAGGED, normal_form
from passk.problems.benchmarks.images import illustrated
from passk.problems.benchmarks.references import with_expected
from passk.problems.benchmarks.registry import source
from passk.problems.recorded import RecordedError
from passk.schemas.problems import PROBLEMS
from passk.stages.job import Job, StageError
from passk.verification.sandbox.pool import SandboxError


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
