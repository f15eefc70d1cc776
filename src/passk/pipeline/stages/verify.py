"""Stage group `verify`: a verdict on every sample of a draw."""

from collections.abc import Mapping

import polars as pl

from passk.config import paths
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.domains.code.judge import CodeJudge
from passk.domains.code.sandbox.pool import SandboxError
from passk.domains.grading import Judge, Progress, gold, progress_bar
from passk.domains.math.judge import MathJudge
from passk.domains.math.workers import WorkerError
from passk.domains.math.world.chains import chain_valid
from passk.domains.settings import Verification
from passk.domains.verdict import CORRECT, UNKNOWN
from passk.domains.verdict_cache import VerdictCache
from passk.domains.visual.judge import VisualJudge
from passk.domains.visual.world.chains import chain_valid as scene_valid
from passk.pipeline.stages.job import Job, StageError

_SAMPLED = ("draw", "set", "problem_id", "sample_index", "text", "finish_reason")
# How the column `source` says that a problem is of a generated world.
_GENERATED = ("world:", "generated world ")
_ASKED = (
    "set", "problem_id", "domain", "question", "answer", "answer_type", "precision", "unit",
    "choices", "tests", "source",
)  # fmt: skip


def run(job: Job) -> dict[str, float]:
    """Judge the draw, write its verdicts; returns shares of correct and unknown samples."""
    settings = Verification.model_validate(job.params["verification"])
    samples = SAMPLES.read(paths.samples(job.study, job.item), columns=_SAMPLED)
    sets = job.entry("draws")["sets"]
    problems = pl.concat(
        PROBLEMS.read(paths.problem_set(job.study, name), columns=_ASKED) for name in sets
    ).unique(("set", "problem_id"), keep="first", maintain_order=True)
    frame = asked(samples, problems, job.item)
    verdicts = judged(frame, settings)
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


def judged(frame: pl.DataFrame, settings: Verification) -> pl.DataFrame:
    """The verdict table's columns for samples beside their problems, each by its domain's judge."""
    parts = [
        _judged(part, str(domain), settings)
        for (domain,), part in frame.with_row_index("_row").group_by("domain", maintain_order=True)
    ]
    return pl.concat(parts).sort("_row").drop("_row")


def _judged(frame: pl.DataFrame, domain: str, settings: Verification) -> pl.DataFrame:
    problems = frame.unique(("set", "problem_id"), maintain_order=True)
    try:
        golds = {
            (row["set"], row["problem_id"]): gold(row) for row in problems.iter_rows(named=True)
        }
        with open_judge(domain, settings, progress=progress_bar) as judge:
            verdicts = judge(
                [golds[key] for key in frame.select("set", "problem_id").iter_rows()],
                frame["text"].to_list(),
                (frame["finish_reason"] == "length").to_list(),
            )
    except (WorkerError, SandboxError, ValueError) as error:
        raise StageError(str(error)) from error
    return frame.with_columns(
        pl.Series("verdict", [v.verdict for v in verdicts], pl.String()),
        pl.Series("reason", [v.reason for v in verdicts], pl.String()),
        pl.Series("answer", [v.answer for v in verdicts], pl.String()),
        chain_validity(frame),
        grader=pl.lit(judge.grader),
    )


def open_judge(
    domain: str,
    settings: Verification,
    *,
    workers: int | None = None,
    progress: Progress = lambda results, _: results,
) -> Judge:
    """The judge of a domain; a context manager, since it holds processes and a cache.

    Args:
        domain: of the problems: math, code or visual.
        settings: options and limits.
        workers: processes in place of those that the settings name.
        progress: wraps the stream of results; silent by default.

    Raises:
        StageError: no grader for the domain.
    """
    match domain:
        case "math":
            math = settings.math
            options = math.options()
            return MathJudge(
                options,
                VerdictCache(paths.VERDICTS, options.grader()),
                timeout=math.timeout,
                workers=workers or math.workers,
                memory=int(math.memory_gib * 2**30),
                progress=progress,
            )
        case "visual":
            visual = settings.visual
            mixed = visual.options(settings.math.options())
            return VisualJudge(
                mixed,
                # Only formulas are worth keeping, and these are the math grader's.
                VerdictCache(paths.VERDICTS, mixed.math.grader()),
                timeout=visual.timeout,
                workers=workers or visual.workers,
                memory=int(visual.memory_gib * 2**30),
                progress=progress,
            )
        case "code":
            code = settings.code
            rules = code.options()
            return CodeJudge(
                rules,
                VerdictCache(paths.VERDICTS, rules.grader()),
                workers=workers or code.workers,
                calibration=paths.CALIBRATION,
                progress=progress,
            )
    raise StageError(f"no grader for domain {domain!r}; this version judges math, code and visual")


def chain_validity(frame: pl.DataFrame) -> pl.Series:
    """Whether each chain of thought is valid; null where the problem is not of a generated world.

    Each distinct (question, response, picture) is read once.
    """
    known: dict[tuple[str, str, str | None], bool | None] = {}
    rows: list[bool | None] = []
    for row in frame.select("source", "question", "text", "tests", "domain").iter_rows(named=True):
        rows.append(_valid(row, known) if row["source"].startswith(_GENERATED) else None)
    return pl.Series("chain_valid", rows, pl.Boolean())


def _valid(
    row: Mapping[str, str], known: dict[tuple[str, str, str | None], bool | None]
) -> bool | None:
    key = row["question"], row["text"], row["tests"]
    if key not in known:
        known[key] = scene_valid(*key) if row["domain"] == "visual" else chain_valid(*key[:2])
    return known[key]
