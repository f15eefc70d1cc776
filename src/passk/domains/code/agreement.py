"""Programs that agree on another output than the expected one: a problem may accept several.

Tests know one output. Where a statement accepts others, or a test is wrong, right programs are
judged wrong, and often alike: many distinct programs then return the same other output. So does a
mistake that is easily made; what is listed here is to be looked at, and decides no verdict.
"""

import re
from collections import Counter, defaultdict
from typing import NamedTuple

from passk.core.digests import digest
from passk.domains.code.sandbox.task import PRINTED, RETURNED, CaseResult

# Distinct programs that agree, at least, and their share of those with an output on the case.
PROGRAMS, SHARE = 5, 0.5
_LAYOUT = re.compile(r"#[^\n]*|\s+")
_SHOWN = 200  # characters of an output that are kept


class Agreement(NamedTuple):
    """An output other than the expected one that distinct programs agree on.

    Attributes:
        tests: the digest of the problem's tests, `passk.core.digests.digest` of their JSON.
        case: number of the test.
        programs: distinct programs that agree.
        of: distinct programs with an output on this test.
        output: what they agree on, its beginning.
        expected: what is expected, its beginning.
    """

    tests: str
    case: int
    programs: int
    of: int
    output: str
    expected: str


class _Case:
    def __init__(self, expected: str) -> None:
        self.expected = expected[:_SHOWN]
        self.answered = 0
        self.outputs: Counter[str] = Counter()
        self.shown: dict[str, str] = {}


class Agreements:
    """Counts outputs of distinct programs by problem and test."""

    def __init__(self) -> None:
        self._cases: dict[tuple[str, int], _Case] = {}
        self._programs: defaultdict[str, set[str]] = defaultdict(set)
        self._right: Counter[str] = Counter()

    def is_new(self, tests: str, program: str) -> bool:
        """Whether a program differs from all before it by more than layout and comments."""
        kind = digest(_LAYOUT.sub("", program))[:16]
        if kind in self._programs[tests]:
            return False
        self._programs[tests].add(kind)
        return True

    def add_right(self, tests: str) -> None:
        """Count a new program that is right on every test."""
        self._right[tests] += 1

    def add(self, tests: str, case: int, result: CaseResult, expected: str, *, right: bool) -> None:
        """Count what a new program did on a test; errors and time-outs are no outputs."""
        if result.kind not in {RETURNED, PRINTED}:
            return
        if (counts := self._cases.get((tests, case))) is None:
            counts = self._cases[tests, case] = _Case(expected)
        counts.answered += 1
        if not right:
            output = "\n".join(map(str.strip, result.value.strip().split("\n")))
            key = digest(output)[:16]
            counts.outputs[key] += 1
            counts.shown.setdefault(key, output[:_SHOWN])

    def list_agreements(self) -> list[Agreement]:
        """For each problem the test with the largest agreement, where there is one."""
        largest: dict[str, Agreement] = {}
        for (tests, number), case in sorted(self._cases.items()):
            answered = case.answered + self._right[tests]
            for key, programs in case.outputs.most_common(1):
                if programs < PROGRAMS or programs < SHARE * answered:
                    continue
                if tests not in largest or programs > largest[tests].programs:
                    shown, expected = case.shown[key], case.expected
                    largest[tests] = Agreement(tests, number, programs, answered, shown, expected)
        return list(largest.values())
