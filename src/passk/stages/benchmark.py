"""`benchmark@NAME`: the problems of a published file in normal form."""

from pathlib import Path

from passk import paths
from passk.params.benchmarks import Benchmark
from passk.problems.benchmarks.adapters import read
from passk.problems.benchmarks.form import FLAGGED, normal_form
from passk.problems.benchmarks.references import with_expected
from passk.problems.benchmarks.registry import source
from passk.problems.recorded import RecordedError
from passk.schemas.problems import PROBLEMS
from passk.stages.job import Job, StageError
from passk.verification.sandbox.pool import SandboxError


def run(job: Job) -> dict[str, float]:
    """Write a benchmark's problems; returns how many there are, untested and flagged ones."""
    settings = Benchmark.model_validate(job.entry("benchmarks"))
    known = source(settings.source)
    try:
        problems = read(settings.source, Path(settings.path), settings.sha256, settings.without)
        if known.domain == "code":
            problems = with_expected(problems, settings.options())
    except (RecordedError, SandboxError) as error:
        raise StageError(f"benchmarks.{job.item}: {error}") from error
    frame = normal_form(problems, job.item, known.domain, known.title)
    PROBLEMS.write(frame, paths.problems(job.study, job.item))
    found = {
        "problems": len(problems),
        "without_tests": sum(one.tests is None for one in problems),
        "flagged": sum(FLAGGED in one.tags for one in problems),
    }
    return {name: float(number) for name, number in found.items()}
