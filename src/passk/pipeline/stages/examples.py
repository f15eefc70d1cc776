"""`examples@NAME`: right and wrong responses to the hardest problems, for the page."""

from passk.analysis.queries.examples import examples
from passk.config import paths
from passk.config.examples import Examples
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.results import EXAMPLES
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/results/examples-NAME.parquet; returns how many problems it shows."""
    wanted = Examples.model_validate(job.entry("examples"))
    draws = list(dict.fromkeys((wanted.base, wanted.rl)))
    verdicts = [paths.verdicts(job.study, draw) for draw in draws]
    samples = [paths.samples(job.study, draw) for draw in draws]
    problems = paths.problem_set(job.study, wanted.set)
    for table, files in ((VERDICTS, verdicts), (SAMPLES, samples), (PROBLEMS, [problems])):
        for path in files:
            table.read(path, columns=["set"])
    asked = (wanted.base, wanted.set, wanted.problems)
    found = examples(
        verdicts, samples, problems, asked, job.params["analysis"]["coverage_excludes"]
    )
    if found.is_empty():
        raise StageError(
            f"examples.{job.item}: draw {wanted.base!r} solves no problem of {wanted.set!r}; "
            "name another draw or set, or remove it"
        )
    written = EXAMPLES.write(found, paths.results(job.study, f"examples-{job.item}"))
    return {"problems": float(written["problem_id"].n_unique())}
