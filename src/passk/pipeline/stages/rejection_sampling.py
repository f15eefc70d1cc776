"""`rejection_sampling@NAME`: samples of a draw become demonstrations, by verdict or all."""

import polars as pl

from passk.config import paths
from passk.core.finish_reasons import ABORTED
from passk.core.schemas.demonstrations import DEMONSTRATIONS
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.data.demonstration_settings import Selection
from passk.pipeline.stages.job import Job, StageError

_KEY = ["set", "problem_id", "sample_index"]


def run(job: Job) -> dict[str, float]:
    """Write the demonstrations; returns how many there are, and of how many problems."""
    settings = job.settings("rejection_sampling", Selection)
    draw = settings.draw
    samples = SAMPLES.read(paths.samples(job.study, draw), columns=[*_KEY, "text", "finish_reason"])
    verdicts = VERDICTS.read(paths.verdicts(job.study, draw), columns=[*_KEY, "verdict"])
    columns = ("set", "problem_id", "question", "starter_code", "image")
    problems = pl.concat(
        PROBLEMS.read(paths.problem_set(job.study, name), columns=columns)
        for name in job.sets_of(draw)
    )
    demonstrations = select_demonstrations(samples, verdicts, problems, settings)
    if demonstrations.is_empty():
        counts = ", ".join(
            f"{n} {v}" for v, n in verdicts["verdict"].value_counts(sort=True).rows()
        )
        raise StageError(
            f"rejection_sampling.{job.item}: no response of draw {draw!r} passes "
            f"({counts or 'no verdicts'}; wanted: {', '.join(settings.verdicts)}, of any length or "
            f"up to `longest`); take more verdicts or longer responses, raise draws.{draw}.n, or "
            "draw from a stronger model"
        )
    DEMONSTRATIONS.write(demonstrations, paths.demonstrations(job.study, job.item))
    covered = demonstrations["problem_id"].n_unique()
    return {
        "demonstrations": float(demonstrations.height),
        "problems": float(covered),
        "problems_without": float(problems["problem_id"].n_unique() - covered),
    }


def select_demonstrations(
    samples: pl.DataFrame, verdicts: pl.DataFrame, problems: pl.DataFrame, settings: Selection
) -> pl.DataFrame:
    """The demonstrations table's columns; a problem that several sets hold counts once.

    Args:
        samples: `set, problem_id, sample_index, text, finish_reason` of one draw.
        verdicts: `set, problem_id, sample_index, verdict`, one for each sample.
        problems: `set, problem_id, question, starter_code, image` of the draw's sets, in order.
        settings: which samples pass.

    Raises:
        StageError: a sample without a verdict or a problem, or a problem with an image.
    """
    for other, what in ((verdicts, "verdict"), (problems, "problem in the draw's sets")):
        key = [name for name in _KEY if name in other.columns]
        unmatched = samples.join(other, on=key, how="anti")
        if unmatched.height:
            raise StageError(
                f"{unmatched.height} samples of draw {settings.draw!r} have no {what}, first "
                f"{unmatched.select(_KEY).row(0, named=True)}; run the stages "
                f"sample@{settings.draw} and verify@{settings.draw} again"
            )
    _refuse_images(problems)
    distinct = problems.unique("problem_id", keep="first", maintain_order=True).drop("image")
    rows = (
        samples.join(verdicts, on=_KEY)
        .filter(
            pl.col("verdict").is_in(settings.verdicts),
            ~pl.col("finish_reason").is_in(["length", ABORTED]),
        )
        .join(distinct, on=["set", "problem_id"])
        .sort(_KEY)
    )
    if settings.longest is not None:
        rows = rows.filter(pl.col("text").str.len_chars() <= settings.longest)
    if settings.distinct:
        rows = rows.unique(["problem_id", "text"], keep="first", maintain_order=True)
    if settings.per_problem is not None:
        position = pl.int_range(pl.len()).over("problem_id")
        rows = rows.filter(position < settings.per_problem)
    return rows.select(
        "set", "problem_id", "question", "starter_code", response="text",
        source=pl.lit(settings.draw), sample_index="sample_index",
    )  # fmt: skip


def _refuse_images(problems: pl.DataFrame) -> None:
    with_image = problems.filter(pl.col("image").is_not_null())
    if with_image.height:
        first = with_image.row(0, named=True)
        raise StageError(
            f"set {first['set']!r}: problem {first['problem_id']} comes with an image; only texts "
            "can be demonstrations"
        )
