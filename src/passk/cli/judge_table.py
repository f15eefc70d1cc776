"""The verdict table of samples beside their problems."""

import sys
from collections.abc import Mapping, Sequence

import polars as pl
from tqdm import tqdm

from passk.cli.judge_request import JudgeRequest
from passk.cli.judged import JUDGED
from passk.config import paths
from passk.core.rows import RecordedError
from passk.data.judging_problems import JudgingProblem
from passk.domains.code.extraction import completed
from passk.domains.code.judge import CodeJudge
from passk.domains.grading import Judge, JudgeResources, Results
from passk.domains.verdict import TRUNCATED, UNKNOWN, WRONG, Verdict
from passk.logs.known_problems import key_of
from passk.logs.sample import LogSample
from passk.logs.side import ONE_SET, Key
from passk.pipeline.stages.verify import NO_RESPONSE, judge_any


def show_progress(results: Results, total: int) -> Results:
    """A bar with rate and time left on standard error; in a log, a line now and then."""
    interval = 0.1 if sys.stderr.isatty() else 30
    return tqdm(
        results, total=total, unit="answer", desc="judging", delay=3, mininterval=interval,
        dynamic_ncols=True,
    )  # fmt: skip


def judge_table(
    request: JudgeRequest, samples: Sequence[LogSample], problems: Mapping[Key, JudgingProblem]
) -> pl.DataFrame:
    """Verdicts with gold answers and recorded grades beside them, in the order of the problems.

    Raises:
        RecordedError: a problem that cannot be judged.
        JudgeError: the judge cannot work on this machine.
    """
    golds = _golds(request, problems)
    resources = JudgeResources(paths.VERDICTS, paths.CALIBRATION, progress=show_progress)
    with request.domain.judge(request.settings, resources) as judge:
        verdicts = _judge(judge, samples, golds, problems, request.missing)
    size = len(samples)
    several = len({name for name, _ in problems}) > 1
    columns = {
        "draw": [request.draw] * size,
        "set": [sample.set or ONE_SET if several else request.draw for sample in samples],
        "problem_id": [sample.problem for sample in samples],
        "sample_index": [sample.number for sample in samples],
        "answer": [verdict.answer for verdict in verdicts],
        "verdict": [verdict.verdict for verdict in verdicts],
        "reason": [verdict.reason for verdict in verdicts],
        "chain_valid": [None] * size,
        "grader": [judge.grader] * size,
        "index": [problems[key_of(sample)].position for sample in samples],
        "gold": [_shown(problems[key_of(sample)]) for sample in samples],
        "recorded_grade": [sample.grade for sample in samples],
    }
    if request.domain.tested:
        columns["gold"] = [None] * size  # programs are judged by tests
    return JUDGED.check(pl.DataFrame(columns, schema=dict(JUDGED.columns)))


def _shown(problem: JudgingProblem) -> str | None:
    return " or ".join(reference.answer for reference in problem.references) or None


def _golds(request: JudgeRequest, problems: Mapping[Key, JudgingProblem]) -> dict[Key, list[str]]:
    golds = {}
    for key, problem in problems.items():
        try:
            golds[key] = [request.domain.gold(reference) for reference in problem.references]
        except ValueError as error:
            raise RecordedError(f"{problem.row.place}: {error}") from error
    return golds


def _judge(
    judge: Judge,
    samples: Sequence[LogSample],
    golds: Mapping[Key, Sequence[str]],
    problems: Mapping[Key, JudgingProblem],
    missing: str | None,
) -> list[Verdict]:
    """A verdict for each sample; programs run as they are, responses are read first."""
    verdicts: dict[int, Verdict] = {}
    groups: dict[bool, list[int]] = {False: [], True: []}
    for number, sample in enumerate(samples):
        if sample.text is None:
            verdicts[number] = Verdict(WRONG if missing == "wrong" else UNKNOWN, NO_RESPONSE, None)
        else:
            groups[sample.holds != "response"].append(number)
    for are_programs, numbers in groups.items():
        if not numbers:
            continue
        asked = [golds[key_of(samples[number])] for number in numbers]
        texts = [_text(samples[number], problems) for number in numbers]
        finishes = [samples[number].finish for number in numbers]
        if are_programs:
            assert isinstance(judge, CodeJudge)
            results = judge.programs([gold for (gold,) in asked], texts)
            results = _mark_cut(results, [finish == "length" for finish in finishes])
        else:
            results = judge_any(judge, asked, texts, finishes)
        verdicts |= dict(zip(numbers, results, strict=True))
    return [verdicts[number] for number in range(len(samples))]


def _text(sample: LogSample, problems: Mapping[Key, JudgingProblem]) -> str:
    text = sample.text or ""
    return (
        completed(problems[key_of(sample)].prefix, text) if sample.holds == "completion" else text
    )


def _mark_cut(verdicts: Sequence[Verdict], cut: Sequence[bool]) -> list[Verdict]:
    """A program that was cut off and fails might have passed: unknown."""
    return [
        Verdict(UNKNOWN, TRUNCATED, verdict.answer)
        if short and verdict.verdict == WRONG
        else verdict
        for verdict, short in zip(verdicts, cut, strict=True)
    ]
