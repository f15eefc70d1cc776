"""What `passk judge` does: files in, a table of verdicts out; all is read before any work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from passk.cli.judged import JUDGED
from passk.config import paths
from passk.core.rows import RecordedError, Row, read_rows
from passk.data.judging_columns import Content, SampleColumns, find_sample_columns
from passk.data.judging_groups import group_rows
from passk.data.judging_ids import QUESTION
from passk.data.judging_join import JoinedRows, join_rows
from passk.data.judging_problems import (
    JudgingProblem,
    ProblemFile,
    read_problem_file,
    read_table,
)
from passk.data.judging_references import read_reference
from passk.data.judging_samples import JudgingSample, read_samples
from passk.domains.code.extraction import completed
from passk.domains.code.judge import CodeJudge
from passk.domains.code.readers.references import with_expected
from passk.domains.domain import Domain
from passk.domains.grading import Judge, JudgeResources, progress_bar
from passk.domains.settings import Verification
from passk.domains.verdict import TRUNCATED, UNKNOWN, WRONG, Verdict

NO_RESPONSE = "no response"
Say = Callable[[str], None]


@dataclass(frozen=True)
class JudgeRequest:
    """What a command line asks for.

    Attributes:
        responses: file of responses.
        problems: file of problems; None: the responses hold them.
        domain: decides the judge.
        settings: of its judge.
        columns: named by kind; None: looked for by their usual names.
        source: the benchmark that `problems` is; None: as its digest says, else a table.
        any_digest: take another file than the published one for the source's.
        part: leave out responses whose problem is not there.
        free_form: leave out problems with answers to choose from.
        holds: what the column of responses holds; None: as its name says.
        missing: what a response that is null counts as: unknown, wrong, drop; None: an error.
    """

    responses: Path
    problems: Path | None
    domain: Domain
    settings: Verification
    columns: Mapping[str, str | None]
    source: str | None = None
    any_digest: bool = False
    part: bool = False
    free_form: bool = False
    holds: Content | None = None
    missing: str | None = None


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
    file = _read_problems(request, rows)
    joined = _join(request, rows, file)
    columns = find_sample_columns(
        joined.rows, request.columns, programs=request.domain.tested, holds=request.holds
    )
    samples = read_samples(
        joined.rows, joined.names, columns, allow_missing=request.missing is not None
    )
    for line in _describe_columns(request, file, joined, columns):
        say(line)
    problems = _complete(request, file, joined.problems)
    if request.free_form:
        problems = _leave_out_choices(problems, file, say)
    if request.missing == "drop":
        say(f"dropped: {sum(s.text is None for s in samples)} samples without a response")
    kept = [
        sample
        for sample in samples
        if sample.problem in problems and not (request.missing == "drop" and sample.text is None)
    ]
    if not kept:
        raise RecordedError(f"{request.responses}: no response is left to judge")
    return _table(request, kept, problems)


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
        code = request.settings.model_dump()["code"]
        options = type(request.settings).model_validate({"code": code}).code.options()  # type: ignore[attr-defined]
        tested = {
            problem.name: problem
            for problem in with_expected(benchmarks, options, workers=code["workers"])
        }
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


def _describe_columns(
    request: JudgeRequest, file: ProblemFile, joined: JoinedRows, columns: SampleColumns
) -> list[str]:
    """Which columns were chosen, and which rows and problems are left out."""
    of_samples = {
        "problem": joined.column,
        "response": columns.response or "solution, completion",
        "recorded grade": columns.recorded_grade,
        "sample index": columns.sample_index,
        "finish reason": columns.finish_reason,
    }
    if request.domain.tested and columns.response is not None:
        of_samples["response"] = f"{columns.response} (a {columns.holds})"
    lines = [f"{request.responses}: {_list_columns(of_samples)}"]
    of_problems = {
        "problem": joined.key,
        "question": file.columns.get("problem") if joined.key in {None, QUESTION} else None,
        "gold": file.columns.get("gold"),
        "tests": file.columns.get("tests"),
    }
    source = f" ({file.source})" if file.source else ""
    lines.append(f"{file.path}{source}: {_list_columns(of_problems)}")
    if joined.left_out:
        total = joined.left_out + len(joined.rows)
        lines.append(f"left out: {joined.left_out} of {total} rows, of other problems")
    if joined.unanswered:
        total = len(joined.problems) + joined.unanswered
        lines.append(f"not answered: {joined.unanswered} of {total} problems")
    return lines


def _list_columns(columns: Mapping[str, str | None]) -> str:
    return ", ".join(f"{kind} = {name}" for kind, name in columns.items() if name is not None)


def _table(
    request: JudgeRequest,
    samples: Sequence[JudgingSample],
    problems: Mapping[str, JudgingProblem],
) -> pl.DataFrame:
    golds = _golds(request, problems)
    resources = JudgeResources(paths.VERDICTS, paths.CALIBRATION, progress=progress_bar)
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
