"""Reference solutions run for their processor time, from which time limits follow."""

import itertools
import sys
from collections.abc import Iterator, Sequence

from passk.domains.code.calibration import Calibration, reference_limits
from passk.domains.code.options import CodeOptions
from passk.domains.code.sandbox.pool import Sandbox
from passk.domains.code.sandbox.task import Program
from passk.domains.code.test_cases import Tests
from passk.domains.code.verdicts import Run, make_program
from passk.domains.verdict import CORRECT


def time_references(
    golds: Sequence[str], sandbox: Sandbox, calibration: Calibration, options: CodeOptions
) -> None:
    """Run each reference solution that was never timed here, once; prints which fail.

    Args:
        golds: distinct tests as JSON; one problem's are decoded at a time.
        sandbox: in which they run.
        calibration: where their times are kept.
        options: of the grader.

    Raises:
        SandboxError: no server of the sandbox starts any more.
    """
    runs: dict[int, tuple[str, Run]] = {}
    numbers = itertools.count()

    def list_references() -> Iterator[Program]:
        for gold in golds:
            tests = Tests.load(gold)
            key = calibration.key(tests)
            if tests.reference is not None and calibration.get(key) is None:
                cases = tuple(range(len(tests.inputs)))
                runs[next(numbers)] = key, Run(tests, cases)
                limits = reference_limits(tests, options)
                yield make_program(tests, tests.reference, cases, limits)

    for number, outcome in sandbox.run(list_references()):
        key, run = runs.pop(number)
        verdict, reason = run.decide(outcome)
        if verdict == CORRECT:
            calibration.put(key, outcome.cpu)
        else:
            print(
                f"passk: the reference solution of {run.tests.entry or 'a printing program'} "
                f"(tests {key}) is {verdict}: {reason}; programs get the default time limit",
                file=sys.stderr,
            )
