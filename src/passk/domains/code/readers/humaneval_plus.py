r"""HumanEval+ as evalplus publishes it: HumanEvalPlus-v0.1.10.jsonl(.gz).

The prompt is a signature with a docstring; a solution is a program that defines `entry_point`.
Expected outputs are not in the file: they are what `canonical_solution` returns, as in evalplus.

Example of a row (shortened):
    {"task_id": "HumanEval/53", "prompt": "def add(x: int, y: int):\n    \\"\\"\\"...",
     "entry_point": "add", "canonical_solution": "    return x + y\n", "atol": 0,
     "base_input": [[0, 1]], "plus_input": [[-3, 7]], "contract": "", "test": "..."}
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.domains.base_reader import text, value
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.code.checkers import evalplus_comparison
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests


def inputs(row: Row, column: str) -> list[Any]:
    """A list of argument lists; some copies of the file hold it as a string of JSON."""
    cases = value(row, column, (list, str, dict))
    if isinstance(cases, str):
        try:
            cases = json.loads(cases) if cases else []
        except json.JSONDecodeError as error:
            raise RecordedError(
                f"{row.place}: {column!r} is not JSON ({error}): download the file again"
            ) from error
    # {} where a problem has no further inputs, as in MBPP+ v0.2.0 itself.
    if not isinstance(cases, list):
        if cases:
            raise RecordedError(f"{row.place}: {column!r} holds no list: download the file again")
        cases = []
    for case in cases:
        if not isinstance(case, list):
            raise RecordedError(
                f"{row.place}: {column!r} has a case {str(case)[:60]!r} that is no list of "
                "arguments: download the file again"
            )
    return cases


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """HumanEval+'s problems.

    Args:
        rows: of the published file.
        options: `plus: false` leaves out the inputs that evalplus added.
    """
    for row in rows:
        entry, prompt = text(row, "entry_point"), text(row, "prompt")
        solution = prompt + text(row, "canonical_solution")
        cases = inputs(row, "base_input")
        if options.get("plus", True):
            cases = cases + inputs(row, "plus_input")
        if not cases:
            raise RecordedError(f"{row.place}: no inputs: download the file again")
        yield BenchmarkProblem(
            name=text(row, "task_id"),
            place=row.place,
            question=prompt.strip(),
            answer=solution,
            answer_type="program",
            prefix=prompt,
            tests=Tests(
                entry=entry,
                inputs=tuple(encode(case) for case in cases),
                expected=(),
                comparison=evalplus_comparison(
                    "humaneval_plus", entry, value(row, "atol", (int, float))
                ),
                reference=solution,
            ),
        )
