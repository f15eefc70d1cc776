"""From tests to runs in a sandbox, and from their outcomes to a verdict. No process is touched."""

import builtins
import re
from dataclasses import dataclass, field

from passk.domains.code.options import CodeOptions
from passk.domains.code.outcomes import is_right
from passk.domains.code.python_syntax import bound_names, has_solution, parse
from passk.domains.code.sandbox import task
from passk.domains.code.sandbox.task import CaseResult, Limits, Outcome, Program
from passk.domains.code.test_cases import Tests
from passk.domains.verdict import (
    CORRECT,
    DIFFERENT_OUTPUT,
    EXITED,
    MEMORY,
    OUTPUT,
    PASSED,
    SANDBOX_FAULT,
    SYNTAX,
    TIMEOUT,
    UNKNOWN,
    WRONG,
    raised,
)

_ENDED = {
    task.CPU: TIMEOUT,
    task.SLEPT: TIMEOUT,
    task.MEMORY: MEMORY,
    task.OUTPUT: OUTPUT,
    task.EXITED: EXITED,
}
_NAME = re.compile(r"[A-Za-z_]\w*")


def find_entry(entry: str | None, source: str) -> str | None:
    """What is called in a program.

    Where `Class.method` is asked for, a bare function will do (LiveCodeBench's rule: models answer
    with the function alone at times); for a function, a method of `class Solution` (TACO's).
    """
    if entry is None:
        return None
    owner, _, method = entry.rpartition(".")
    if not owner and "Solution" not in source:
        return entry
    if (tree := parse(source)) is None:
        return entry
    bound = bound_names(tree)
    if owner:
        return method if method in bound and owner not in bound else entry
    return f"Solution.{method}" if method not in bound and has_solution(tree, method) else entry


def order_cases(tests: Tests, options: CodeOptions) -> tuple[int, ...]:
    """Numbers of the cases in the order in which a program runs on them.

    All run in one module, as in LiveCodeBench's and evalplus's harnesses: what a program keeps in
    a global variable or a class's attribute in one case is there in the next.

    Args:
        tests: of the problem.
        options: of the grader.
    """
    cases = list(range(len(tests.inputs)))
    if options.cheapest_first and not options.all_tests:
        cases.sort(key=lambda case: len(tests.inputs[case]))
    return tuple(cases)


def make_program(tests: Tests, source: str, cases: tuple[int, ...], limits: Limits) -> Program:
    """What enters the sandbox: nothing of what is expected."""
    return Program(
        source=source,
        entry=find_entry(tests.entry, source),
        inputs=tuple(tests.inputs[case] for case in cases),
        prelude=tests.prelude,
        limits=limits,
    )


@dataclass
class Run:
    """A program on its way through the sandbox.

    Attributes:
        tests: of the problem.
        cases: numbers of the cases, in the order in which they run.
        right: for each position compared so far, whether it came out right.
    """

    tests: Tests
    cases: tuple[int, ...]
    right: dict[int, bool] = field(default_factory=dict)

    def compare(self, position: int, result: CaseResult) -> bool:
        """Whether the case at a position of the run came out right."""
        if position not in self.right:
            tests, case = self.tests, self.cases[position]
            self.right[position] = is_right(
                result, tests.expected[case], tests.inputs[case], tests.comparison
            )
        return self.right[position]

    def decide(self, outcome: Outcome) -> tuple[str, str]:
        """Verdict and reason of an outcome.

        A wrong case decides, whatever became of the rest; a fault of the host decides nothing.
        """
        for position, result in enumerate(outcome.cases):
            if not self.compare(position, result):
                return WRONG, _explain_case(result)
        if outcome.ended == task.FINISHED and len(outcome.cases) == len(self.cases):
            return CORRECT, PASSED
        if outcome.ended not in _ENDED:
            return UNKNOWN, SANDBOX_FAULT
        if outcome.ended == task.EXITED and outcome.detail:
            return WRONG, _explain_error(outcome.detail, EXITED)
        return WRONG, _ENDED[outcome.ended]


def _explain_case(result: CaseResult) -> str:
    if result.kind == task.RAISED:
        return _explain_error(result.value, raised("Exception"))
    return DIFFERENT_OUTPUT


def _explain_error(text: str, otherwise: str) -> str:
    """The reason of an error's `Type: message`; built-in types alone are told apart."""
    match = _NAME.match(text)
    kind = getattr(builtins, match[0], None) if match else None
    if not isinstance(kind, type) or not issubclass(kind, BaseException):
        return otherwise
    if issubclass(kind, SyntaxError):
        return SYNTAX
    if issubclass(kind, SystemExit | KeyboardInterrupt):
        return EXITED
    return MEMORY if issubclass(kind, MemoryError) else raised(kind.__name__)
