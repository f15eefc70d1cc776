"""Stage group `verify`: a verdict on every sample of a draw."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from passk.config import paths
from passk.core.finish_reasons import ABORTED
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.recorded import ANY, MISSING
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.domains.grading import Judge, JudgeResources, Progress, Reference, progress_bar, silent
from passk.domains.registry import DOMAINS
from passk.domains.settings import Verification
from passk.domains.verdict import CORRECT, UNKNOWN, WRONG, JudgeError, Verdict
from passk.domains.world_source import world_of
from passk.domains.worlds import WORLDS
from passk.pipeline.stages.job import Job, StageError

_SAMPLED = ("draw", "set", "problem_id", "sample_index", "text", "finish_reason")
NO_RESPONSE = "no response"
# Finish reasons of what nobody judges, with the reason of the verdict.
_UNJUDGED = {MISSING: NO_RESPONSE, ABORTED: "aborted by the engine"}
_RANK = {WRONG: 0, UNKNOWN: 1, CORRECT: 2}
# How the column `source` says that a problem is of a generated world.
# Columns of a problem that its judge needs.
ASKED = (
    "set", "problem_id", "domain", "question", "answer", "answer_type", "precision", "unit",
    "choices", "tests", "source",
)  # fmt: skip


def run(job: Job) -> dict[str, float]:
    """Judge the draw, write its verdicts; returns shares of correct and unknown samples."""
    settings = job.section("verification", Verification)
    samples = SAMPLES.read(paths.samples(job.study, job.item), columns=_SAMPLED)
    sets = job.sets_of(job.item)
    problems = pl.concat(
        PROBLEMS.read(paths.problem_set(job.study, name), columns=ASKED) for name in sets
    ).unique(("set", "problem_id"), keep="first", maintain_order=True)
    frame = join_problems(samples, problems, job.item)
    verdicts = judge_samples(frame, settings)
    VERDICTS.write(verdicts, paths.verdicts(job.study, job.item))
    return {
        "samples": float(verdicts.height),
        "correct": float((verdicts["verdict"] == CORRECT).mean() or 0.0),  # type: ignore[arg-type]
        "unknown": float((verdicts["verdict"] == UNKNOWN).mean() or 0.0),  # type: ignore[arg-type]
    }


def join_problems(samples: pl.DataFrame, problems: pl.DataFrame, draw: str) -> pl.DataFrame:
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


def judge_samples(frame: pl.DataFrame, settings: Verification) -> pl.DataFrame:
    """The verdict table's columns for samples beside their problems, each by its domain's judge."""
    parts = [
        _judge_domain(part, str(domain), settings)
        for (domain,), part in frame.with_row_index("_row").group_by("domain", maintain_order=True)
    ]
    return pl.concat(parts).sort("_row").drop("_row")


def _judge_domain(frame: pl.DataFrame, domain: str, settings: Verification) -> pl.DataFrame:
    problems = frame.unique(("set", "problem_id"), maintain_order=True)
    try:
        golds = {
            (row["set"], row["problem_id"]): [
                DOMAINS[domain].gold(reference) for reference in list_references(row)
            ]
            for row in problems.iter_rows(named=True)
        }
        with open_judge(domain, settings, progress=progress_bar) as judge:
            verdicts = judge_any(
                judge,
                [golds[key] for key in frame.select("set", "problem_id").iter_rows()],
                frame["text"].to_list(),
                frame["finish_reason"].to_list(),
            )
        validity = chain_validity(frame)
    except (JudgeError, ValueError) as error:
        raise StageError(str(error)) from error
    return frame.with_columns(
        pl.Series("verdict", [v.verdict for v in verdicts], pl.String()),
        pl.Series("reason", [v.reason for v in verdicts], pl.String()),
        pl.Series("answer", [v.answer for v in verdicts], pl.String()),
        validity,
        grader=pl.lit(judge.grader),
    )


def list_references(row: Mapping[str, Any]) -> list[Reference]:
    """What a problem is judged by: one reference, or each of several right answers."""
    if row["answer_type"] != ANY:
        return [Reference.of(row)]
    one = {**row, "answer_type": "expression"}
    return [Reference.of(one | {"answer": answer}) for answer in json.loads(row["answer"])]


def judge_any(
    judge: Judge, golds: Sequence[Sequence[str]], texts: Sequence[str], finishes: Sequence[str]
) -> list[Verdict]:
    """Verdicts on responses to problems with one right answer, or several of which any will do.

    Args:
        judge: of the domain.
        golds: what each response is judged by: the first that it equals decides, else an unknown
            verdict if there is one.
        texts: responses, as many.
        finishes: how each ended; one that is missing or aborted is unknown and judged by nobody.
    """
    asked = [
        (position, gold)
        for position, several in enumerate(golds)
        if finishes[position] not in _UNJUDGED
        for gold in several
    ]
    judged = judge(
        [gold for _, gold in asked],
        [texts[position] for position, _ in asked],
        [finishes[position] == "length" for position, _ in asked],
    )
    verdicts: list[Verdict | None] = [None] * len(texts)
    for (position, _), verdict in zip(asked, judged, strict=True):
        verdicts[position] = _better(verdicts[position], verdict)
    return [
        verdict or Verdict(UNKNOWN, _UNJUDGED.get(finish, NO_RESPONSE), None)
        for verdict, finish in zip(verdicts, finishes, strict=True)
    ]


def _better(first: Verdict | None, second: Verdict) -> Verdict:
    """Of two verdicts by different right answers: correct, else unknown, else the first."""
    if first is None or _RANK[second.verdict] > _RANK[first.verdict]:
        return second
    return first


def open_judge(domain: str, settings: Verification, *, progress: Progress = silent) -> Judge:
    """The judge of a domain; a context manager, since it holds processes and a cache.

    Args:
        domain: of the problems, a name in `passk.domains.registry`.
        settings: options and limits.
        progress: wraps the stream of results; silent by default.

    Raises:
        UnknownNameError: no such domain; it names the legal ones.
    """
    resources = JudgeResources(paths.VERDICTS, paths.CALIBRATION, progress=progress)
    return DOMAINS[domain].judge(settings, resources)


def chain_validity(frame: pl.DataFrame) -> pl.Series:
    """Whether each chain of thought is valid; null where the problem is not of a generated world.

    Each distinct (world, question, response, scene) is read once, by its world's parser.
    """
    known: dict[tuple[str | None, ...], bool | None] = {}
    rows: list[bool | None] = []
    for source, question, text, tests in frame.select(
        "source", "question", "text", "tests"
    ).iter_rows():
        if (world := world_of(source)) is None:
            rows.append(None)
            continue
        key = world, question, text, tests
        if key not in known:
            known[key] = WORLDS[world].chain_valid(question, text, tests)
        rows.append(known[key])
    return pl.Series("chain_valid", rows, pl.Boolean())
