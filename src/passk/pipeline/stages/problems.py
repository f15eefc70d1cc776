"""`problems@NAME`: a generated world's problems in normal form."""

import polars as pl

from passk.config import paths
from passk.core.ids import problem_id
from passk.core.schemas.problems import PROBLEMS
from passk.domains.world_sets import problem_set
from passk.domains.world_settings import WorldSet
from passk.domains.worlds import WORLDS
from passk.pipeline.stages.job import Job


def run(job: Job) -> dict[str, float]:
    """Write the problems of one set."""
    settings = job.settings("worlds", WorldSet)
    source = WORLDS[settings.world]
    problems = problem_set(
        source,
        split=settings.split,
        families=settings.families,
        levels=settings.levels,
        skew=settings.skew,
        size=settings.size,
        seed=job.seed,
    )
    rows = [
        {
            "problem_id": problem_id(
                source.domain,
                problem.question,
                problem.choices,
                problem.starter_code,
                problem.image.digest if problem.image else None,
            ),
            "domain": source.domain,
            "set": job.item,
            "index": index,
            "question": problem.question,
            "answer": problem.answer,
            "answer_type": source.answer_type,
            "choices": problem.choices,
            "tests": problem.tests,
            "starter_code": problem.starter_code,
            "image": problem.image.digest if problem.image else None,
            "image_bytes": problem.image.png if problem.image else None,
            "source": f"generated world {settings.world}, split {settings.split}",
            "tags": [problem.family, f"level-{problem.level}"],
        }
        for index, problem in enumerate(problems)
    ]
    overrides = {name: PROBLEMS.columns[name] for name in rows[0] if name in PROBLEMS.nullable}
    frame = pl.DataFrame(rows, schema_overrides=overrides)
    absent = [name for name in PROBLEMS.columns if name not in frame.columns]
    frame = frame.with_columns(
        pl.lit(None).cast(PROBLEMS.columns[name]).alias(name) for name in absent
    )
    PROBLEMS.write(frame, paths.problems(job.study, job.item))
    return {"problems": float(frame.height)}
