"""What `passk judge` does: files in, a table of verdicts out; all is read before any work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from passk.cli.judge_imported import name_columns
from passk.cli.judge_request import JudgeRequest, describe_columns
from passk.cli.judge_table import judge_table
from passk.core.rows import RecordedError, Row, read_rows
from passk.core.words import count
from passk.data.judging_columns import find_sample_columns
from passk.data.judging_groups import group_rows
from passk.data.judging_join import JoinedRows, join_rows
from passk.data.judging_problems import (
    JudgingProblem,
    ProblemFile,
    read_problem_file,
    read_table,
)
from passk.data.judging_references import read_reference
from passk.data.judging_samples import read_samples
from passk.domains.code.readers.references import with_expected
from passk.domains.code.settings import CodeJudgeSettings

Say = Callable[[str], None]


def judge_files(request: JudgeRequest, say: Say) -> pl.DataFrame:
    """The verdict table of a file of responses, with gold answers and recorded grades beside it.

    Args:
        request: what is asked for.
        say: told, before any work, which columns were chosen, and what is left out.

    Raises:
        RecordedError: a file cannot be read, or files do not belong together.
        JudgeError: the judge cannot work on this machine.
    """
    rows = read_rows(request.responses)
    request = name_columns(request, rows)
    file = _read_problems(request, rows)
    joined = _join(request, rows, file)
    columns = find_sample_columns(
        joined.rows, request.columns, programs=request.domain.tested, holds=request.holds
    )
    samples = read_samples(
        joined.rows, joined.names, columns, allow_missing=request.missing is not None
    )
    answered = len({sample.problem for sample in samples})
    for line in describe_columns(request, file, joined, columns, answered):
        say(line)
    problems = _complete(request, file, joined.problems)
    if request.free_form:
        problems = _leave_out_choices(problems, file, say)
    if request.domain.tested:
        problems = _leave_out_untested(problems, file, say, part=request.part)
    if request.missing == "drop":
        say(f"dropped: {count(sum(s.text is None for s in samples), 'sample')} without a response")
    kept = [
        sample
        for sample in samples
        if sample.problem in problems and not (request.missing == "drop" and sample.text is None)
    ]
    if not kept:
        raise RecordedError(f"{request.responses}: no response is left to judge")
    return judge_table(request, kept, problems)


def _read_problems(request: JudgeRequest, rows: Sequence[Row]) -> ProblemFile:
    domain = request.domain
    if request.problems is not None:
        return read_problem_file(
            request.problems, domain, request.columns,
            source=request.source, any_digest=request.any_digest,
        )  # fmt: skip
    needed = "tests" if domain.tested else "answer_type" if domain.needs_benchmark else None
    if needed is not None and needed not in rows[0].values:
        raise RecordedError(
            f"{request.responses}: has no column {needed!r}, so it holds no problems of domain "
            f"{domain.name}; name their file with --problems: a benchmark's published file, or a "
            "table"
        )
    return read_table(request.responses, rows, domain, request.columns)


def _join(request: JudgeRequest, rows: Sequence[Row], file: ProblemFile) -> JoinedRows:
    if request.problems is None:
        return group_rows(rows, file, request.domain, request.columns)
    return join_rows(rows, file, request.domain, request.columns, part=request.part)


def _complete(
    request: JudgeRequest, file: ProblemFile, problems: Mapping[str, JudgingProblem]
) -> dict[str, JudgingProblem]:
    """The answered problems with what they are judged by."""
    benchmarks = [problem.benchmark for problem in problems.values() if problem.benchmark]
    if request.domain.tested and benchmarks:
        settings = request.settings.section(CodeJudgeSettings)
        filled = with_expected(benchmarks, settings.options(), workers=settings.workers)
        tested = {problem.name: problem for problem in filled}
        problems = {
            name: replace(problem, benchmark=tested[problem.benchmark.name])
            if problem.benchmark
            else problem
            for name, problem in problems.items()
        }
    return {name: read_reference(problem, name, file) for name, problem in problems.items()}


def _leave_out_choices(
    problems: Mapping[str, JudgingProblem], file: ProblemFile, say: Say
) -> dict[str, JudgingProblem]:
    kept = {
        name: problem
        for name, problem in problems.items()
        if problem.reference is not None and not problem.reference.choices
    }
    if not kept:
        raise RecordedError(f"{file.path}: no free-form problem; leave out --free-form")
    others = len(problems) - len(kept)
    say(f"left out: {others} of {len(problems)} problems, with answers to choose from")
    return kept


def _leave_out_untested(
    problems: Mapping[str, JudgingProblem], file: ProblemFile, say: Say, *, part: bool
) -> dict[str, JudgingProblem]:
    kept = {name: p for name, p in problems.items() if p.reference and p.reference.tests}
    if lacking := [name for name in problems if name not in kept]:
        number = f"{len(lacking)} of {len(problems)} answered problems have no tests"
        if not part or not kept:
            remedy = "" if not kept else "; leave them out with --part"
            raise RecordedError(f"{file.path}: {number}, first {lacking[0]!r}{remedy}")
        say(f"left out: {number}")
    return kept
