"""`examples@NAME`: right and wrong responses to the hardest problems, for the page."""

from passk.analysis.examples import EXAMPLES, select_examples
from passk.config import paths
from passk.config.examples import Examples
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/results/examples-NAME.parquet; returns how many problems it shows."""
    entry = job.settings("examples", Examples)
    draws = list(dict.fromkeys((entry.reference, entry.candidate)))
    verdicts = [paths.verdicts(job.study, draw) for draw in draws]
    samples = [paths.samples(job.study, draw) for draw in draws]
    problems = paths.problem_set(job.study, entry.set)
    for table, files in ((VERDICTS, verdicts), (SAMPLES, samples), (PROBLEMS, [problems])):
        for path in files:
            table.read(path, columns=["set"])
    rows = select_examples(
        verdicts,
        samples,
        problems,
        reference=entry.reference,
        count=entry.problems,
        set_name=entry.set,
        excluded=job.params["analysis"]["coverage_excludes"],
    )
    if rows.is_empty():
        raise StageError(
            f"examples.{job.item}: draw {entry.reference!r} solves no problem of {entry.set!r}; "
            "name another draw or set, or remove it"
        )
    written = EXAMPLES.write(rows, paths.results(job.study, f"examples-{job.item}"))
    return {"problems": float(written["problem_id"].n_unique())}
