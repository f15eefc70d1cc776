"""Expected outputs that a benchmark does not publish: what its reference solutions return."""

from collections.abc import Sequence
from dataclasses import replace

from passk.core.rows import RecordedError
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.code.options import CodeOptions
from passk.domains.code.reference_outputs import ReferenceSolutionError, completed
from passk.domains.completions import BenchmarkFiles


def with_expected(
    problems: Sequence[BenchmarkProblem], options: CodeOptions | None = None, *, workers: int = 2
) -> list[BenchmarkProblem]:
    """The problems, with expected outputs where their tests lacked them.

    Args:
        problems: of a benchmark.
        options: how reference solutions run.
        workers: programs that run at the same time.

    Raises:
        RecordedError: a reference solution fails; it names the problem.
        SandboxError: bubblewrap or namespaces are missing.
    """
    tested = [(problem, problem.tests) for problem in problems if problem.tests is not None]
    try:
        filled = completed([tests for _, tests in tested], options, workers=workers)
    except ReferenceSolutionError as error:
        failing = tested[error.number][0]
        raise RecordedError(
            f"{failing.place}: {failing.name}: {error}. To leave it out: `without: "
            f"[{failing.name}]` in the parameters"
        ) from error
    tests = {
        problem.name: completed_tests
        for (problem, _), completed_tests in zip(tested, filled, strict=True)
    }
    return [replace(problem, tests=tests.get(problem.name)) for problem in problems]


def complete(problems: Sequence[BenchmarkProblem], files: BenchmarkFiles) -> list[BenchmarkProblem]:
    """As `with_expected`, in the sandbox that the parameters of a benchmark name."""
    return with_expected(problems, CodeOptions(isolation=files.isolation))
