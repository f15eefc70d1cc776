"""Judging programs by tests: each distinct (tests, program) once, in a sandbox, compared outside.

Tests of one problem are decoded at a time, and outcomes are consumed as they come, so that memory
does not grow with the number of programs; finished verdicts are in the cache when a run is killed.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from passk.core.characters import well_formed
from passk.core.closing import Closing
from passk.core.digests import digest
from passk.domains.code.agreement import Agreement, Agreements
from passk.domains.code.calibration import Calibration, program_limits
from passk.domains.code.extraction import extract
from passk.domains.code.options import CodeOptions
from passk.domains.code.reference_times import time_references
from passk.domains.code.sandbox.pool import Sandbox
from passk.domains.code.sandbox.task import CaseResult, Outcome, Program
from passk.domains.code.test_cases import Tests
from passk.domains.code.test_checks import read_tests
from passk.domains.code.verdicts import Run, make_program, order_cases
from passk.domains.grading import Progress, silent
from passk.domains.verdict import CORRECT, NO_PROGRAM, TESTS, TRUNCATED, UNKNOWN, WRONG, Verdict
from passk.domains.verdict_cache import VerdictCache


class _TestedProblem(NamedTuple):
    """What is kept of tests between programs: no case.

    Attributes:
        gold: the JSON of the tests, as given.
        key: its digest.
        entry: what is called.
    """

    gold: str
    key: str
    entry: str | None


class CodeJudge(Closing):
    r"""Judges programs by the tests of their problems; a context manager that ends its sandbox.

    Args:
        options: of the grader.
        cache: verdicts kept between runs; without one, all are worked out anew.
        workers: servers of the sandbox; they start when one is needed.
        calibration: folder in which times of reference solutions are kept; None: nowhere.
        progress: wraps the stream of results; silent by default.

    Example:
        >>> tests = Tests("double", ("[[1]]",), ("2",)).dump()  # doctest: +SKIP
        >>> with CodeJudge(CodeOptions()) as judge:  # doctest: +SKIP
        ...     judge([tests], ["def double(x):\n    return 2 * x"])[0].verdict
        'correct'
    """

    def __init__(
        self,
        options: CodeOptions,
        cache: VerdictCache | None = None,
        *,
        workers: int = 2,
        calibration: Path | None = None,
        progress: Progress = silent,
    ) -> None:
        self.options = options
        self.grader = options.grader()
        self._cache = cache
        # What sound tests call, by their digest, so that they are looked through once.
        self._entries: dict[str, tuple[str | None] | None] = {}
        self._workers = workers
        self._folder = calibration
        self._calibration: Calibration | None = None
        self._sandbox: Sandbox | None = None
        self._progress = progress
        self._agreements = Agreements()

    def close(self) -> None:
        """End the sandbox and close the cache."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
        if self._cache is not None:
            self._cache.close()

    def __call__(
        self, golds: Sequence[str], texts: Sequence[str], cut: Sequence[bool] | None = None
    ) -> list[Verdict]:
        """A verdict for each response.

        Args:
            golds: tests as JSON, see `passk.domains.code.test_cases`.
            texts: responses, as many.
            cut: whether a response ended at its length limit. Such a response states a program
                only in a block or tag that is closed; without one it is unknown (truncated).

        Returns:
            Verdicts in the order of the responses; `answer` is the extracted program. Half a
            character (a lone surrogate), which no file can hold, stands in it as U+FFFD.

        Raises:
            ValueError: the sequences differ in length.
            SandboxError: bubblewrap or namespaces are missing.
        """
        problems = self._read_problems(golds)
        programs: list[str | None] = []
        truncated: set[int] = set()
        rows = zip(golds, texts, cut or [False] * len(texts), strict=True)
        for number, (gold, text, short) in enumerate(rows):
            problem = problems[gold]
            extracted = extract(well_formed(text), problem.entry) if problem is not None else None
            if short and (extracted is None or not extracted.closed):
                truncated.add(number)
                extracted = None
            programs.append(None if extracted is None else extracted.program)
        verdicts = self._judge(golds, programs, problems)
        for number in truncated:
            verdicts[number] = Verdict(UNKNOWN, TRUNCATED, None)
        return verdicts

    def programs(self, golds: Sequence[str], programs: Sequence[str]) -> list[Verdict]:
        """A verdict for each program, run as it is: nothing is extracted.

        Half a character (a lone surrogate), which no file can hold, is run as U+FFFD.

        Raises:
            ValueError: the sequences differ in length.
            SandboxError: bubblewrap or namespaces are missing.
        """
        return self._judge(golds, list(map(well_formed, programs)), self._read_problems(golds))

    def _read_problems(self, golds: Sequence[str]) -> dict[str, _TestedProblem | None]:
        """Distinct tests; None where they are not readable, or hold no case."""
        problems: dict[str, _TestedProblem | None] = {}
        for gold in golds:
            if gold not in problems:
                key = digest(gold)
                if key not in self._entries:
                    tests = read_tests(gold)
                    self._entries[key] = None if tests is None else (tests.entry,)
                entry = self._entries[key]
                problems[gold] = None if entry is None else _TestedProblem(gold, key, *entry)
        return problems

    def _judge(
        self,
        golds: Sequence[str],
        programs: Sequence[str | None],
        problems: dict[str, _TestedProblem | None],
    ) -> list[Verdict]:
        known: dict[tuple[str, str], Verdict] = {}
        unjudged: dict[tuple[str, str], _TestedProblem] = {}
        rows: list[tuple[str, str] | Verdict] = []
        for gold, source in zip(golds, programs, strict=True):
            if (problem := problems[gold]) is None:
                rows.append(Verdict(UNKNOWN, TESTS, source))
            elif source is None:
                rows.append(Verdict(WRONG, NO_PROGRAM, None))
            else:
                pair = problem.key, source
                rows.append(pair)
                if pair in known or pair in unjudged:
                    continue
                if (verdict := self._look_up(*pair)) is not None:
                    known[pair] = verdict
                else:
                    unjudged[pair] = problem
        todo = sorted((key, source, unjudged[key, source]) for key, source in unjudged)
        if todo:
            self._calibrate([problem for _, _, problem in todo])
        for number, verdict in self._progress(self._judge_distinct(todo), len(todo)):
            assert verdict is not None
            key, source, _ = todo[number]
            known[key, source] = verdict._replace(answer=source)
            if self._cache is not None:
                self._cache.put(self._cache.key(key, source, False), verdict)
        return [row if isinstance(row, Verdict) else known[row] for row in rows]

    def _look_up(self, key: str, source: str) -> Verdict | None:
        if self._cache is None:
            return None
        verdict = self._cache.get(self._cache.key(key, source, False))
        return None if verdict is None else verdict._replace(answer=source)

    def _judge_distinct(
        self, todo: Sequence[tuple[str, str, _TestedProblem]]
    ) -> Iterator[tuple[int, Verdict | None]]:
        """Number and verdict of each program, as runs end."""
        if not todo:
            return
        runs: dict[int, Run] = {}

        def is_wanted(number: int, case: int, result: CaseResult) -> bool:
            return runs[number].compare(case, result)

        want = None if self.options.all_tests else is_wanted
        programs = self._list_programs(todo, runs)
        for number, outcome in self._open_sandbox().run(programs, want):
            run = runs.pop(number)
            verdict = Verdict(*run.decide(outcome), None)
            key, source, _ = todo[number]
            if self._agreements.is_new(key, source):
                self._count_outputs(key, run, outcome, verdict)
            yield number, verdict

    def _count_outputs(self, key: str, run: Run, outcome: Outcome, verdict: Verdict) -> None:
        if verdict.verdict == CORRECT:
            self._agreements.add_right(key)
            return
        for position, result in enumerate(outcome.cases):
            case, right = run.cases[position], run.compare(position, result)
            expected = run.tests.expected[case]
            self._agreements.add(key, case, result, expected, right=right)
            if not right:
                return

    def list_agreements(self) -> list[Agreement]:
        """Problems on which programs agree on another output than the expected one.

        Of programs that were run since the judge was made; verdicts of the cache hold no outputs.
        """
        return self._agreements.list_agreements()

    def _list_programs(
        self, todo: Sequence[tuple[str, str, _TestedProblem]], runs: dict[int, Run]
    ) -> Iterator[Program]:
        """Programs for the sandbox, in the order of problems."""
        last: str | None = None
        for number, (key, source, problem) in enumerate(todo):
            if last != key:
                last, tests = key, Tests.load(problem.gold)
                limits = program_limits(self._reference_cpu(tests), tests, self.options)
                cases = order_cases(tests, self.options)
            runs[number] = Run(tests, cases)
            yield make_program(tests, source, cases, limits)

    def _open_sandbox(self) -> Sandbox:
        if self._sandbox is None:
            options = self.options
            self._sandbox = Sandbox(
                isolation=options.isolation, servers=self._workers, packages=options.packages
            ).__enter__()
        return self._sandbox

    def _reference_cpu(self, tests: Tests) -> float | None:
        if tests.reference is None or self._calibration is None:
            return None
        return self._calibration.get(self._calibration.key(tests))

    def _calibrate(self, problems: Sequence[_TestedProblem]) -> None:
        """Run each reference solution that was never timed here, once."""
        if self._calibration is None:
            self._calibration = Calibration(self._folder, self.options.packages)
        golds = list({problem.key: problem.gold for problem in problems}.values())
        time_references(golds, self._open_sandbox(), self._calibration, self.options)
