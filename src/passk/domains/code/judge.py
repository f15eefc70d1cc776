"""Judging programs by tests: each distinct (tests, program) once, in a sandbox, compared outside.

Tests of one problem are decoded at a time, and outcomes are consumed as they come, so that memory
does not grow with the number of programs; finished verdicts are in the cache when a run is killed.
"""

import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from passk.core.closing import Closing
from passk.core.digests import digest
from passk.domains.code.calibration import Calibration, program_limits, reference_limits
from passk.domains.code.extraction import extract
from passk.domains.code.options import CodeOptions
from passk.domains.code.sandbox.pool import Sandbox
from passk.domains.code.sandbox.task import CaseResult, Program
from passk.domains.code.test_cases import Tests
from passk.domains.code.test_checks import fault
from passk.domains.code.verdicts import Run, batches, program
from passk.domains.grading import Progress, silent
from passk.domains.verdict import CORRECT, NO_PROGRAM, TESTS, TRUNCATED, UNKNOWN, WRONG, Verdict
from passk.domains.verdict_cache import VerdictCache

# Of the verdicts of a program's runs, the weightiest holds; of equal ones, the first.
_WEIGHT = {CORRECT: 0, UNKNOWN: 1, WRONG: 2}


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


@dataclass
class _Judged:
    """A program whose runs are under way.

    Which run ends first depends on the machine: the first wrong one in the order of cases decides,
    and those before it are waited for.

    Attributes:
        left: runs that have not ended, or will not begin.
        ended: verdict and reason of each run that ended, by its place in the order of cases.
        failed: place of the first run known to be wrong.
        done: nothing more is waited for.
    """

    left: int
    ended: dict[int, tuple[str, str]] = field(default_factory=dict)
    failed: int | None = None
    done: bool = False

    def end(self, place: int, verdict: tuple[str, str]) -> None:
        """Note what a run came to."""
        self.left -= 1
        self.ended[place] = verdict
        if verdict[0] == WRONG and (self.failed is None or place < self.failed):
            self.failed = place

    def wants(self, place: int) -> bool:
        """Whether a run may still decide, where the first failure does."""
        return not self.done and (self.failed is None or place < self.failed)

    def verdict(self, *, first: bool) -> tuple[str, str] | None:
        """What all runs come to, once that is known.

        Args:
            first: the first failure ends it; else every run is waited for.
        """
        if first and self.failed is not None:
            known = all(place in self.ended for place in range(self.failed))
            return self.ended[self.failed] if known else None
        if self.left:
            return None
        said = [self.ended[place] for place in sorted(self.ended)]
        return max(said, key=lambda one: _WEIGHT[one[0]])


@dataclass
class _Queue:
    """Runs in the sandbox or before it, by number: program, place among its runs, the run."""

    runs: dict[int, tuple[int, int, Run]] = field(default_factory=dict)
    programs: dict[int, _Judged] = field(default_factory=dict)


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
            Verdicts in the order of the responses; `answer` is the extracted program.

        Raises:
            ValueError: the sequences differ in length.
            SandboxError: bubblewrap or namespaces are missing.
        """
        problems = self._problems(golds)
        programs: list[str | None] = []
        truncated: set[int] = set()
        rows = zip(golds, texts, cut or [False] * len(texts), strict=True)
        for number, (gold, text, short) in enumerate(rows):
            problem = problems[gold]
            found = extract(text, problem.entry) if problem is not None else None
            if short and (found is None or not found.closed):
                truncated.add(number)
                found = None
            programs.append(None if found is None else found.program)
        verdicts = self._judge(golds, programs, problems)
        for number in truncated:
            verdicts[number] = Verdict(UNKNOWN, TRUNCATED, None)
        return verdicts

    def programs(self, golds: Sequence[str], programs: Sequence[str]) -> list[Verdict]:
        """A verdict for each program, run as it is: nothing is extracted.

        Raises:
            ValueError: the sequences differ in length.
            SandboxError: bubblewrap or namespaces are missing.
        """
        return self._judge(golds, programs, self._problems(golds))

    def _problems(self, golds: Sequence[str]) -> dict[str, _TestedProblem | None]:
        """Distinct tests; None where they are not readable, or hold no case."""
        found: dict[str, _TestedProblem | None] = {}
        for gold in golds:
            if gold not in found:
                key = digest(gold)
                if key not in self._entries:
                    tests = _read(gold)
                    self._entries[key] = None if tests is None else (tests.entry,)
                entry = self._entries[key]
                found[gold] = None if entry is None else _TestedProblem(gold, key, *entry)
        return found

    def _judge(
        self,
        golds: Sequence[str],
        programs: Sequence[str | None],
        problems: dict[str, _TestedProblem | None],
    ) -> list[Verdict]:
        known: dict[tuple[str, str], Verdict] = {}
        open_: dict[tuple[str, str], _TestedProblem] = {}
        rows: list[tuple[str, str] | Verdict] = []
        for gold, source in zip(golds, programs, strict=True):
            if (problem := problems[gold]) is None:
                rows.append(Verdict(UNKNOWN, TESTS, source))
            elif source is None:
                rows.append(Verdict(WRONG, NO_PROGRAM, None))
            else:
                pair = problem.key, source
                rows.append(pair)
                if pair in known or pair in open_:
                    continue
                if (verdict := self._cached(*pair)) is not None:
                    known[pair] = verdict
                else:
                    open_[pair] = problem
        todo = sorted((key, source, open_[key, source]) for key, source in open_)
        if todo:
            self._calibrate([problem for _, _, problem in todo])
        for number, verdict in self._progress(self._results(todo), len(todo)):
            assert verdict is not None
            key, source, _ = todo[number]
            known[key, source] = verdict._replace(answer=source)
            if self._cache is not None:
                self._cache.put(self._cache.key(key, source, False), verdict)
        return [row if isinstance(row, Verdict) else known[row] for row in rows]

    def _cached(self, key: str, source: str) -> Verdict | None:
        if self._cache is None:
            return None
        verdict = self._cache.get(self._cache.key(key, source, False))
        return None if verdict is None else verdict._replace(answer=source)

    def _results(
        self, todo: Sequence[tuple[str, str, _TestedProblem]]
    ) -> Iterator[tuple[int, Verdict | None]]:
        """Number and verdict of each program, as runs end."""
        if not todo:
            return
        queue = _Queue()

        def wanted(number: int, position: int, result: CaseResult) -> bool:
            program, place, run = queue.runs[number]
            return run.compare(position, result) and queue.programs[program].wants(place)

        runs = self._runs(todo, queue)
        first = not self.options.all_tests
        want = wanted if first else None
        for number, outcome in self._open().run(runs, want):
            program, place, run = queue.runs.pop(number)
            judged = queue.programs[program]
            if first and not judged.wants(place):
                judged.left -= 1  # stopped, or of no matter
            else:
                judged.end(place, run.decide(outcome))
                if verdict := judged.verdict(first=first):
                    judged.done = True
                    yield program, Verdict(*verdict, None)
            if not judged.left:
                del queue.programs[program]

    def _runs(
        self, todo: Sequence[tuple[str, str, _TestedProblem]], queue: _Queue
    ) -> Iterator[Program]:
        """Programs for the sandbox, in the order of problems; what is not needed is left out."""
        made = 0
        last: tuple[str, Tests] | None = None
        for number, (key, source, problem) in enumerate(todo):
            if last is None or last[0] != key:
                last = key, Tests.load(problem.gold)
                bound = program_limits(self._reference_cpu(last[1]), last[1], self.options)
            tests = last[1]
            cases = batches(tests, self.options)
            judged = queue.programs[number] = _Judged(left=len(cases))
            for place, batch in enumerate(cases):
                if judged.failed is not None and not self.options.all_tests:
                    judged.left -= 1  # one before it failed meanwhile
                    continue
                queue.runs[made] = number, place, Run(tests, batch)
                made += 1
                yield program(tests, source, batch, bound)
            if judged.done and not judged.left:
                queue.programs.pop(number, None)

    def _open(self) -> Sandbox:
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
        """Run each reference solution that was never timed here, once; says which fail."""
        if self._calibration is None:
            self._calibration = Calibration(self._folder, self.options.packages)
        kept = self._calibration
        begun: dict[int, tuple[str, Run]] = {}
        made = itertools.count()
        distinct = {problem.key: problem for problem in problems}

        def references() -> Iterator[Program]:
            for problem in distinct.values():
                tests = Tests.load(problem.gold)
                key = kept.key(tests)
                if tests.reference is not None and kept.get(key) is None:
                    cases = tuple(range(len(tests.inputs)))
                    begun[next(made)] = key, Run(tests, cases)
                    bound = reference_limits(tests, self.options)
                    yield program(tests, tests.reference, cases, bound)

        for number, outcome in self._open().run(references()):
            key, run = begun.pop(number)
            verdict, reason = run.decide(outcome)
            if verdict == CORRECT:
                kept.put(key, outcome.cpu)
            else:
                print(
                    f"passk: the reference solution of {run.tests.entry or 'a printing program'} "
                    f"(tests {key}) is {verdict}: {reason}; programs get the default time limit",
                    file=sys.stderr,
                )


def _read(gold: str) -> Tests | None:
    """Tests from their JSON; None where it is not such, or they cannot judge anything."""
    try:
        tests = Tests.load(gold)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return None if fault(tests) else tests
