"""What `passk judge` does: files in, a table of verdicts out; all is read before any work."""

import sys
from collections.abc import Callable, Iterable, Mapping

import polars as pl
from tqdm import tqdm

from passk.cli.judge_request import JudgeRequest, describe_columns
from passk.cli.judge_table import judge_table
from passk.cli.reading_text import without_response
from passk.core.rows import RecordedError
from passk.core.words import count
from passk.data.judging_problems import JudgingProblem, ProblemFile, read_problem_file
from passk.logs.known_problems import AnsweredProblems, complete, key_of, read_answers
from passk.logs.own_problems import read_with_answers, read_with_problems
from passk.logs.sample import LogSample
from passk.logs.side import Key

Say = Callable[[str], None]
Problems = Mapping[Key, JudgingProblem]


def judge_files(request: JudgeRequest, say: Say) -> pl.DataFrame:
    """The verdict table of files of responses, with gold answers and recorded grades beside it.

    Args:
        request: what is asked for.
        say: told, before any work, which columns were chosen, and what is left out.

    Raises:
        RecordedError: a file cannot be read, or files do not belong together.
        JudgeError: the judge cannot work on this machine.
    """
    answered, file = _read(request)
    for line in describe_columns(request, file, answered):
        say(line)
    problems: Problems = complete(answered.problems, file, request.settings)
    if request.free_form:
        problems = _leave_out_choices(problems, request, say)
    if request.domain.tested:
        problems = _leave_out_untested(problems, request, say)
    samples = _by_rule([s for s in answered.samples if key_of(s) in problems], request, say)
    if not samples:
        raise RecordedError(f"{request.responses[0]}: no response is left to judge")
    return judge_table(request, samples, problems)


def _read(request: JudgeRequest) -> tuple[AnsweredProblems, ProblemFile | None]:
    """Samples and the problems that they answer, of a file of their own or beside them."""
    paths, reading, domain = request.responses, request.reading, request.domain
    if request.problems is not None:
        file = read_problem_file(
            request.problems, domain, request.columns,
            source=request.source, any_digest=request.any_digest,
        )  # fmt: skip
        answered = read_answers(
            paths, reading, file, domain,
            problems_id=request.columns.get("problems_id"), part=request.part, progress=_progress,
        )  # fmt: skip
        return answered, file
    if domain.needs_benchmark is not None:
        return read_with_problems(paths, reading, domain, _progress)
    return read_with_answers(paths, reading, domain, _progress), None


def _progress(samples: Iterable[LogSample]) -> Iterable[LogSample]:
    return tqdm(samples, desc="reading", unit="sample", delay=3, file=sys.stderr)


def _by_rule(samples: list[LogSample], request: JudgeRequest, say: Say) -> list[LogSample]:
    """Samples by the rule for rows without a response, and with what their texts are.

    Raises:
        RecordedError: there are such rows, and no rule.
    """
    missing = [sample.place for sample in samples if sample.text is None]
    if missing and request.missing is None:
        raise RecordedError(without_response(missing, request.responses))
    if request.missing == "drop":
        say(f"dropped: {count(len(missing), 'sample')} without a response")
        samples = [sample for sample in samples if sample.text is not None]
    if request.holds is not None:
        samples = [sample._replace(holds=request.holds) for sample in samples]
    return samples


def _leave_out_choices(problems: Problems, request: JudgeRequest, say: Say) -> Problems:
    kept = {key: p for key, p in problems.items() if not p.references[0].choices}
    if not kept:
        raise RecordedError(f"{_file(request)}: no free-form problem; leave out --free-form")
    others = len(problems) - len(kept)
    say(f"left out: {others} of {len(problems)} problems, with answers to choose from")
    return kept


def _leave_out_untested(problems: Problems, request: JudgeRequest, say: Say) -> Problems:
    kept = {key: problem for key, problem in problems.items() if problem.references[0].tests}
    if lacking := [key for key in problems if key not in kept]:
        number = f"{len(lacking)} of {len(problems)} answered problems have no tests"
        if not request.part or not kept:
            remedy = "" if not kept else "; leave them out with --part"
            raise RecordedError(f"{_file(request)}: {number}, first {lacking[0][1]!r}{remedy}")
        say(f"left out: {number}")
    return kept


def _file(request: JudgeRequest) -> object:
    return request.problems or request.responses[0]
