"""`filter@SET`: the problems of a source that stay, and a table of what went and why."""

import polars as pl

from passk.config import paths
from passk.core.schemas.problems import FILTERS, PROBLEMS
from passk.data.filter_settings import SetEntry
from passk.data.filters import apply_filters
from passk.domains.visual.shuffled_images import REASON, SHUFFLED, shuffle_images
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Apply a set's filters in order, then exchange images; an empty set is an error."""
    settings = job.settings("sets", SetEntry)
    problems = PROBLEMS.read(paths.problems(job.study, settings.problems))
    kept, table = apply_filters(problems, settings.filters)
    if kept.is_empty():
        counts = ", ".join(f"{name}: {i} -> {o}" for _, name, i, o, _ in table.rows())
        raise StageError(
            f"sets.{job.item}: no problem of {settings.problems!r} stays "
            f"({counts or 'the source is empty'}); loosen its filters"
        )
    if settings.images == SHUFFLED:
        try:
            kept = shuffle_images(kept, job.item)
        except ValueError as error:
            raise StageError(f"sets.{job.item}: images: shuffled: {error}") from error
        row = (table.height, SHUFFLED, kept.height, kept.height, REASON)
        table = table.vstack(pl.DataFrame([row], schema=table.schema, orient="row"))
    name = pl.lit(job.item).alias("set")
    PROBLEMS.write(kept.with_columns(name), paths.problem_set(job.study, job.item))
    FILTERS.write(table.with_columns(name), paths.filter_table(job.study, job.item))
    return {"rows_in": float(problems.height), "rows_out": float(kept.height)}
