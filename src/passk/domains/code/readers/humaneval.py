r"""HumanEval as OpenAI publishes it: HumanEval.jsonl(.gz).

Its tests are scripts; those made of plain assertions are read as inputs and expected values
(`asserts.py`), which is so for all but a few problems. The few (loops over random inputs, values
that are computed) have no tests here; source `humaneval_base` has inputs for all 164.

Example of a row (shortened):
    {"task_id": "HumanEval/53", "prompt": "def add(x, y):...", "entry_point": "add",
     "canonical_solution": "    return x + y\n",
     "test": "def check(candidate):\n    assert candidate(0, 1) == 1\n"}
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from passk.core.rows import Row
from passk.domains.base_reader import text
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.code.readers import asserts
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests


def tests(script: str, entry: str, reference: str) -> Tests | None:
    """The tests of a script; None where it is more than plain assertions."""
    if (assertions := asserts.read(script)) is None:
        return None
    return Tests(
        entry=entry,
        inputs=tuple(encode(arguments) for arguments, _ in assertions.cases),
        expected=tuple(encode(expected) for _, expected in assertions.cases),
        comparison=(
            {"kind": "exact"} if assertions.atol is None
            else {"kind": "close", "atol": assertions.atol, "rtol": 0.0}
        ),
        reference=reference,
    )  # fmt: skip


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """HumanEval's problems; no options."""
    del options
    for row in rows:
        prompt, entry = text(row, "prompt"), text(row, "entry_point")
        solution = prompt + text(row, "canonical_solution")
        yield BenchmarkProblem(
            name=text(row, "task_id"),
            place=row.place,
            question=prompt.strip(),
            answer=solution,
            answer_type="program",
            prefix=prompt,
            tests=tests(text(row, "test"), entry, solution),
        )
