"""What must hold of problems that programs answer.

Not checked: whether an expected output stands in the question. Benchmarks show examples there, and
some of their tests are these very examples; a number that a test expects may stand there by chance.
"""

from collections.abc import Iterable

import polars as pl

from passk.core.schemas.problems import PROBLEMS
from passk.domains.code.test_cases import Tests
from passk.domains.expectations import Expect, Frame, expect_none

_FAULTS = ("unreadable", "no_entry", "uneven", "given_away")
_KEY = ("set", "index", "problem_id")
_TESTED = (pl.col("domain") == "code") & pl.col("tests").is_not_null()


class ProgramSuite:
    """Tests of programs can be read, are complete, and are not given away."""

    name = "programs"
    columns = (*_KEY, "domain", "question", "starter_code", "answer", "tests")

    def concerns(self, problems: pl.DataFrame) -> bool:
        """Whether a set has programs with tests."""
        return bool(problems.select(_TESTED.any()).item())

    def frame(self, tables: Iterable[pl.DataFrame]) -> Frame:
        """Condense the problems of domain code that have tests; see `expectations`."""
        rows = [
            {
                **{name: row[name] for name in _KEY},
                **_faults(row["tests"], row["question"], row["starter_code"] or "", row["answer"]),
            }
            for table in tables
            for row in table.filter(_TESTED).iter_rows(named=True)
        ]
        keys = {name: PROBLEMS.columns[name] for name in _KEY}
        schema = keys | dict.fromkeys(_FAULTS, pl.Int64())
        return Frame(pl.DataFrame(rows, schema=schema), _KEY)

    def expectations(self) -> list[Expect]:
        """What is expected of the frame `programs`."""
        return [
            expect_none(
                "unreadable",
                "programs",
                "the tests of every program can be read",
                "run the stage that made the problems again",
            ),
            expect_none(
                "no_entry",
                "programs",
                "tests call something, or compare what is printed",
                "give `entry`, or comparison {kind: text} for programs that print",
            ),
            expect_none(
                "uneven",
                "programs",
                "every test of a program has its expected output",
                "run the stage that made the problems again",
            ),
            expect_none(
                "given_away",
                "programs",
                "no question holds a solution",
                "drop the problem with a filter",
            ),
        ]


def _faults(tests: str, question: str, starter_code: str, answer: str) -> dict[str, int]:
    faults = dict.fromkeys(_FAULTS, 0)
    try:
        loaded = Tests.load(tests)
        prints = loaded.comparison["kind"] == "text"
    except (ValueError, KeyError, TypeError):
        return faults | {"unreadable": 1}
    faults["no_entry"] = int(prints if loaded.entry else not prints)
    faults["uneven"] = int(not loaded.inputs or len(loaded.inputs) != len(loaded.expected))
    solutions = [text.strip() for text in (answer, loaded.reference or "") if text.strip()]
    visible = f"{question}\n{starter_code}"
    faults["given_away"] = int(any(solution in visible for solution in solutions))
    return faults


PROGRAMS = ProgramSuite()
