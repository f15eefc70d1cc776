"""Expected outputs that a benchmark does not publish: what its reference solutions return.

References run in the sandbox like any program. Where the benchmark's harness only asks whether
something is returned (comparison `given`), that is what is kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from passk.domains.code.calibration import reference_limits
from passk.domains.code.options import CodeOptions
from passk.domains.code.sandbox.pool import Sandbox
from passk.domains.code.sandbox.task import FINISHED, OPAQUE, RAISED, Outcome, Program
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests
from passk.domains.code.verdicts import make_program

# How the text of what is iterated over begins.
_LAZY = '{"v":'


class ReferenceSolutionError(ValueError):
    """A reference solution gives no expected outputs.

    Attributes:
        number: of the tests, in the sequence that was given.
    """

    def __init__(self, number: int, fault: str) -> None:
        super().__init__(f"the reference solution {fault}; drop the problem, or mend it")
        self.number = number


def incomplete(tests: Tests) -> bool:
    """Whether tests have inputs and a reference solution, but no expected outputs."""
    return bool(tests.inputs) and not tests.expected and tests.reference is not None


def completed(
    tests: Sequence[Tests], options: CodeOptions | None = None, *, workers: int = 2
) -> list[Tests]:
    """The tests, with expected outputs where they lacked them.

    Args:
        tests: of any number of problems; those that are complete are returned as they are.
        options: isolation, memory and packages of the sandbox.
        workers: programs that run at the same time.

    Raises:
        ReferenceSolutionError: one fails on an input, or returns what is no plain value.
        SandboxError: bubblewrap or namespaces are missing.
    """
    options = options or CodeOptions()
    done = list(tests)
    lacking = [number for number, problem_tests in enumerate(tests) if incomplete(problem_tests)]
    if not lacking:
        return done

    def references() -> Iterator[Program]:
        for number in lacking:
            problem_tests = tests[number]
            cases = tuple(range(len(problem_tests.inputs)))
            yield make_program(
                problem_tests,
                problem_tests.reference or "",
                cases,
                reference_limits(problem_tests, options),
            )

    failed: dict[int, str] = {}
    with Sandbox(
        isolation=options.isolation, servers=workers, packages=options.packages
    ) as sandbox:
        for position, outcome in sandbox.run(references()):
            number = lacking[position]
            if fault := _fault(tests[number], outcome):
                failed[number] = fault
            else:
                done[number] = replace(tests[number], expected=_expected(tests[number], outcome))
    if failed:
        first = min(failed)
        raise ReferenceSolutionError(first, failed[first])
    return done


def _given(tests: Tests) -> bool:
    return tests.comparison.get("kind") == "given"


def _fault(tests: Tests, outcome: Outcome) -> str | None:
    refused = {RAISED} if _given(tests) else {RAISED, OPAQUE}
    for number, result in enumerate(outcome.cases):
        if not _given(tests) and result.value.startswith(_LAZY):
            return f"does not answer input {number}: it returns what is equal to nothing"
        if result.kind in refused:
            return f"does not answer input {number}: {result.kind} {result.value[:200]}"
    if outcome.ended != FINISHED or len(outcome.cases) != len(tests.inputs):
        return f"ended after {len(outcome.cases)} inputs: {outcome.ended} {outcome.detail[:200]}"
    return None


def _expected(tests: Tests, outcome: Outcome) -> tuple[str, ...]:
    if _given(tests):
        return tuple(encode(result.value != encode(None)) for result in outcome.cases)
    return tuple(result.value for result in outcome.cases)
