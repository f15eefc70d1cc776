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
from passk.data.judging_samples import JudgingSample
from passk.domains.code.extraction import completed
from passk.domains.code.judge import CodeJudge
from passk.domains.grading import Judge, JudgeResources, Results
from passk.domains.verdict import TRUNCATED, UNKNOWN, WRONG, Verdict

NO_RESPONSE = "no response"


def show_progress(results: Results, total: int) -> Results:
    """A bar with rate and time left on standard error; in a log, a line now and then."""
    interval = 0.1 if sys.stderr.isatty() else 30
    return tqdm(
        results, total=total, unit="answer", desc="judging", delay=3, mininterval=interval,
        dynamic_ncols=True,
    )  # fmt: skip


def judge_table(
    request: JudgeRequest,
    samples: Sequence[JudgingSample],
    problems: Mapping[str, JudgingProblem],
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
    name = request.responses.name.partition(".")[0]
    size = len(samples)
    chosen = [problems[sample.problem] for sample in samples]
    columns = {
        "draw": [name] * size,
        "set": [name] * size,
        "problem_id": [sample.problem for sample in samples],
        "sample_index": [sample.number for sample in samples],
        "answer": [verdict.answer for verdict in verdicts],
        "verdict": [verdict.verdict for verdict in verdicts],
        "reason": [verdict.reason for verdict in verdicts],
        "chain_valid": [None] * size,
        "grader": [judge.grader] * size,
        "index": [problem.position for problem in chosen],
        "gold": [problem.reference and (problem.reference.answer or None) for problem in chosen],
        "recorded_grade": [sample.grade for sample in samples],
    }
    if request.domain.tested:
        columns["gold"] = [None] * size  # programs are judged by tests
    return JUDGED.check(pl.DataFrame(columns, schema=dict(JUDGED.columns)))


def _golds(request: JudgeRequest, problems: Mapping[str, JudgingProblem]) -> dict[str, str]:
    golds = {}
    for name, problem in problems.items():
        assert problem.reference is not None
        try:
            golds[name] = request.domain.gold(problem.reference)
        except ValueError as error:
            raise RecordedError(f"{problem.row.place}: {error}") from error
    return golds


def _judge(
    judge: Judge,
    samples: Sequence[JudgingSample],
    golds: Mapping[str, str],
    problems: Mapping[str, JudgingProblem],
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
        asked = [golds[samples[number].problem] for number in numbers]
        texts = [_text(samples[number], problems) for number in numbers]
        cut = [samples[number].cut for number in numbers]
        if are_programs:
            assert isinstance(judge, CodeJudge)
            results = _mark_cut(judge.programs(asked, texts), cut)
        else:
            results = judge(asked, texts, cut)
        verdicts |= dict(zip(numbers, results, strict=True))
    return [verdicts[number] for number in range(len(samples))]


def _text(sample: JudgingSample, problems: Mapping[str, JudgingProblem]) -> str:
    text = sample.text or ""
    return (
        completed(problems[sample.problem].prefix, text) if sample.holds == "completion" else text
    )


def _mark_cut(verdicts: Sequence[Verdict], cut: Sequence[bool]) -> list[Verdict]:
    """A program that was cut off and fails might have passed: unknown."""
    return [
        Verdict(UNKNOWN, TRUNCATED, verdict.answer)
        if short and verdict.verdict == WRONG
        else verdict
        for verdict, short in zip(verdicts, cut, strict=True)
    ]
