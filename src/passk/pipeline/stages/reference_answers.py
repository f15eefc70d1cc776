"""`reference_answers@NAME`: reference answers of a set become demonstrations, without reasoning."""

import polars as pl

from passk.config import paths
from passk.core.schemas.demonstrations import ANSWERS, DEMONSTRATIONS
from passk.core.schemas.problems import PROBLEMS
from passk.data.demonstration_settings import PLACE, Answers
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write one demonstration for each problem of the set."""
    settings = job.settings("reference_answers", Answers)
    problems = PROBLEMS.read(paths.problem_set(job.study, settings.set))
    key = f"reference_answers.{job.item}.set = {settings.set!r}"
    if problems.is_empty():
        raise StageError(f"{key}: the set is empty; loosen its filters")
    unusable = problems.filter(
        (pl.col("answer").str.strip_chars() == "") | pl.col("image").is_not_null()
    )
    if unusable.height:
        raise StageError(
            f"{key}: {unusable.height} problems have no answer in words or come with an image, "
            f"first {unusable['problem_id'][0]}; drop them with a filter"
        )
    before, after = settings.pattern.split(PLACE)
    demonstrations = problems.select(
        "set", "problem_id", "question", "starter_code",
        response=pl.lit(before) + pl.col("answer") + pl.lit(after),
        source=pl.lit(ANSWERS), sample_index=pl.lit(None, pl.Int64()),
    )  # fmt: skip
    DEMONSTRATIONS.write(demonstrations, paths.demonstrations(job.study, job.item))
    return {"demonstrations": float(demonstrations.height)}
