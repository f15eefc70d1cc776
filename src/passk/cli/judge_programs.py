"""`passk judge --domain code`: verdicts on a file of programs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import polars as pl

from passk.cli.judged import JUDGED
from passk.cli.program_files import (
    COMPLETION,
    RESPONSE,
    ProgramProblem,
    ProgramSample,
    read_problems,
    read_samples,
)
from passk.config import paths
from passk.core.rows import RecordedError
from passk.domains.code.extraction import completed
from passk.domains.code.judge import CodeJudge
from passk.domains.code.settings import CodeJudgeSettings
from passk.domains.grading import progress_bar
from passk.domains.verdict import Verdict
from passk.domains.verdict_cache import VerdictCache

ISOLATIONS = get_args(CodeJudgeSettings.model_fields["isolation"].annotation)


def grader(*, isolation: str, all_tests: bool, workers: int) -> CodeJudgeSettings:
    """The grader of a command line.

    Raises:
        RecordedError: no such isolation.
    """
    if isolation not in ISOLATIONS:
        raise RecordedError(f"--isolation {isolation!r}: legal: {', '.join(ISOLATIONS)}")
    rules = {"isolation": isolation, "all_tests": all_tests, "workers": workers}
    return CodeJudgeSettings.model_validate(rules)


def judge_file(
    samples: Path,
    problems: Path | None,
    source: str | None,
    given: Mapping[str, str | None],
    grader: CodeJudgeSettings,
    *,
    any_digest: bool = False,
) -> pl.DataFrame:
    """The verdict table of a file of programs; `gold` is the problem's name.

    Raises:
        RecordedError: see `read_samples`, `read_problems`; a sample without its problem, a
            problem without tests or without a sample.
        SandboxError: bubblewrap or namespaces are missing.
    """
    if problems is None:
        raise RecordedError(
            "--domain code: name the benchmark's file, or a table with tests, with --problems"
        )
    rows = read_samples(samples, given)
    known = read_problems(problems, source, grader, any_digest=any_digest)
    if unknown := [row for row in rows if row.problem not in known]:
        raise RecordedError(
            f"{unknown[0].place}: no problem {unknown[0].problem!r} in {problems} "
            f"({len(unknown)} rows)"
        )
    if untested := [row.problem for row in rows if known[row.problem].tests is None]:
        raise RecordedError(f"{problems}: {untested[0]!r} has no tests; leave out its samples")
    if lacking := known.keys() - {row.problem for row in rows}:
        raise RecordedError(
            f"{samples}: no sample of {min(lacking)!r} "
            f"({len(lacking)} problems of {problems} have none)"
        )
    options = grader.options()
    with CodeJudge(
        options,
        VerdictCache(paths.VERDICTS, options.grader()),
        workers=grader.workers,
        calibration=paths.CALIBRATION,
        progress=progress_bar,
    ) as judge:
        verdicts = _verdicts(judge, rows, known)
    name = samples.name.partition(".")[0]
    columns = {
        "draw": [name] * len(rows),
        "set": [name] * len(rows),
        "problem_id": [known[row.problem].identity for row in rows],
        "sample_index": [row.number for row in rows],
        "answer": [verdict.answer for verdict in verdicts],
        "verdict": [verdict.verdict for verdict in verdicts],
        "reason": [verdict.reason for verdict in verdicts],
        "chain_valid": [None] * len(rows),
        "grader": [judge.grader] * len(rows),
        "index": [known[row.problem].position for row in rows],
        "gold": [row.problem for row in rows],
        "recorded_grade": [row.grade for row in rows],
    }
    return JUDGED.check(pl.DataFrame(columns, schema=dict(JUDGED.columns)))


def _verdicts(
    judge: CodeJudge, rows: Sequence[ProgramSample], problems: Mapping[str, ProgramProblem]
) -> list[Verdict]:
    verdicts_by_number: dict[int, Verdict] = {}
    for extracted in (False, True):
        chosen = [
            (number, row) for number, row in enumerate(rows) if (row.kind == RESPONSE) == extracted
        ]
        golds = [problems[row.problem].tests or "" for _, row in chosen]
        texts = [
            completed(problems[row.problem].prefix, row.text)
            if row.kind == COMPLETION
            else row.text
            for _, row in chosen
        ]
        verdicts = judge(golds, texts) if extracted else judge.programs(golds, texts)
        verdicts_by_number |= {
            number: verdict for (number, _), verdict in zip(chosen, verdicts, strict=True)
        }
    return [verdicts_by_number[number] for number in range(len(rows))]
