"""Stage group `verify`: a verdict on every sample of a draw."""

from collections.abc import Mapping

import polars as pl

from passk import paths
from passk.params.verification import MathGrader, Verification
from passk.problems.worlds.chains import chain_valid
from passk.schemas.problems import PROBLEMS
from passk.schemas.samples import SAMPLES
from passk.schemas.verdicts import VERDICTS
from passk.stages.job import Job, StageError
from passk.verification.cache import VerdictCache
from passk.verification.judge import MathJudge, progress_bar
from passk.verification.verdict import CORRECT, UNKNOWN
from passk.verification.workers import WorkerError

_SAMPLED = ("draw", "set", "problem_id", "sample_index", "text", "finish_reason")
# How the column `source` says that a problem is of a generated world.
_GENERATED = ("world:", "generated world ")
_ASKED = ("set", "problem_id", "domain", "question", "answer", "source")


def run(job: Job) -> dict[str, float]:
    """Judge the draw, write its verdicts; returns shares of correct and unknown samples."""
    settings = Verification.model_validate(job.params["verification"])
    samples = SAMPLES.read(paths.samples(job.study, job.item), columns=_SAMPLED)
    sets = job.entry("draws")["sets"]
    problems = pl.concat(
        PROBLEMS.read(paths.problem_set(job.study, name), columns=_ASKED) for name in sets
    ).unique(("set", "problem_id"), keep="first", maintain_order=True)
    frame = asked(samples, problems, job.item)
    verdicts = judged(frame, settings.math)
    VERDICTS.write(verdicts, paths.verdicts(job.study, job.item))
    return {
        "samples": float(verdicts.height),
        "correct": float((verdicts["verdict"] == CORRECT).mean() or 0.0),  # type: ignore[arg-type]
        "unknown": float((verdicts["verdict"] == UNKNOWN).mean() or 0.0),  # type: ignore[arg-type]
    }


def asked(samples: pl.DataFrame, problems: pl.DataFrame, draw: str) -> pl.DataFrame:
    """Samples beside the problems that they answer.

    Raises:
        StageError: a sample without a problem, or a problem without a sample.
    """
    key = ["set", "problem_id"]
    stray = samples.join(problems, on=key, how="anti")
    if stray.height:
        raise StageError(
            f"draw {draw}: {stray.height} samples answer problems that are in none of its sets, "
            f"first {stray.select(key).row(0, named=True)}; run the stage sample@{draw} again"
        )
    bare = problems.join(samples, on=key, how="anti")
    if bare.height:
        raise StageError(
            f"draw {draw}: {bare.height} problems have no sample, first "
            f"{bare.select(key).row(0, named=True)}; run the stage sample@{draw} again"
        )
    return samples.join(problems, on=key, how="left", maintain_order="left")


def judged(frame: pl.DataFrame, settings: MathGrader) -> pl.DataFrame:
    """The verdict table's columns for samples beside their problems."""
    if other := sorted(set(frame["domain"]) - {"math"}):
        raise StageError(f"no grader for domain(s) {other}; this version judges math")
    options = settings.options()
    cache = VerdictCache(paths.VERDICTS, options.grader())
    try:
        with MathJudge(
            options,
            cache,
            timeout=settings.timeout,
            workers=settings.workers,
            memory=int(settings.memory_gib * 2**30),
            progress=progress_bar,
        ) as judge:
            verdicts = judge(
                frame["answer"].to_list(),
                frame["text"].to_list(),
                (frame["finish_reason"] == "length").to_list(),
            )
    except WorkerError as error:
        raise StageError(str(error)) from error
    return frame.with_columns(
        pl.Series("verdict", [v.verdict for v in verdicts], pl.String()),
        pl.Series("reason", [v.reason for v in verdicts], pl.String()),
        pl.Series("answer", [v.answer for v in verdicts], pl.String()),
        chain_validity(frame),
        grader=pl.lit(judge.grader),
    )


def chain_validity(frame: pl.DataFrame) -> pl.Series:
    """Whether each chain of thought is valid; null where the problem is not of a generated world.

    Each distinct (question, response) is read once.
    """
    known: dict[tuple[str, str], bool | None] = {}
    rows: list[bool | None] = []
    for row in frame.select("source", "question", "text").iter_rows(named=True):
        rows.append(_valid(row, known) if row["source"].startswith(_GENERATED) else None)
    return pl.Series("chain_valid", rows, pl.Boolean())


def _valid(row: Mapping[str, str], known: dict[tuple[str, str], bool | None]) -> bool | None:
    pair = row["question"], row["text"]
    if pair not in known:
        known[pair] = chain_valid(*pair)
    return known[pair]
