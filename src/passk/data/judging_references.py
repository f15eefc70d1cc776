"""What a problem is judged by, read from its row: gold answers with their type, or tests."""

import json
from dataclasses import replace
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.data import recorded_values
from passk.data.judging_problems import JudgingProblem, ProblemFile
from passk.data.usual_columns import cell_of
from passk.domains.base_reader import gold_answer
from passk.domains.code.test_cases import Tests
from passk.domains.code.test_checks import find_fault
from passk.domains.grading import Reference


def read_reference(problem: JudgingProblem, name: str, file: ProblemFile) -> JudgingProblem:
    """The problem with what it is judged by.

    Raises:
        RecordedError: no gold answer, or one that is none; tests that cannot be read.
    """
    if (known := problem.benchmark) is not None:
        tests = None if known.tests is None else known.tests.dump()
        reference = Reference(
            name, known.answer, known.answer_type, tests, known.choices or (), known.precision,
            known.unit,
        )  # fmt: skip
        return replace(problem, references=(reference,))
    values = problem.row.values
    if "tests" in file.columns:
        tests = None if values["tests"] is None else _read_tests(values["tests"], problem.row)
        prefix = str(values.get("prompt") or values.get("starter_code") or "")
        return replace(problem, references=(Reference(name, "", tests=tests),), prefix=prefix)
    gold = cell_of(problem.row, file.columns["gold"], "gold")
    place = problem.row.place
    references = tuple(
        Reference(
            name,
            each,
            str(values.get("answer_type") or "expression"),
            None,
            _choices(problem.row),
            _precision(problem.row),
            values.get("unit") or None,
        )
        for each in recorded_values.references(gold, place) or (gold_answer(gold, place),)
    )
    return replace(problem, references=references)


def _choices(row: Row) -> tuple[str, ...]:
    choices = row.values.get("choices") or ()
    if isinstance(choices, str):  # of a CSV file
        try:
            choices = json.loads(choices)
        except ValueError:
            choices = None
    if not isinstance(choices, list | tuple):
        raise RecordedError(f"{row.place}: 'choices' is no list; give a list of texts, or null")
    return tuple(str(choice) for choice in choices)


def _precision(row: Row) -> int | None:
    precision = row.values.get("precision")
    if precision in {None, ""}:
        return None
    try:
        return int(float(str(precision)))
    except (ValueError, OverflowError):
        raise RecordedError(
            f"{row.place}: 'precision' is {precision!r}; expected a number of decimals, or null"
        ) from None


def _read_tests(value: Any, row: Row) -> str:  # noqa: ANN401
    try:
        tests = Tests.load(value if isinstance(value, str) else json.dumps(value))
        fault = find_fault(tests)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        fault = repr(error)
    if fault:
        raise RecordedError(
            f"{row.place}: 'tests' cannot be read ({fault}); see passk.domains.code.test_cases"
        )
    return tests.dump()
