r"""LiveCodeBench: `code_generation_lite` of the Hub with tests, or a list of problems without.

Public tests are a JSON string; private ones too, or base64 of zlib of a pickle of one, which is
read by `pickled.py` and never unpickled. With `func_name` in `metadata` a test's input holds one
JSON value per line, the arguments of a method of `class Solution`; else it is standard input.
Files without test columns (the 880 problems of LiveCodeBench/submissions) give problems without
tests. Problems in `livecodebench_errata.yaml`, and those whose statements accept several outputs
(`statements.py`), are tagged `flagged` and with the reason.

Example of a row (shortened):
    {"question_id": "abc301_a", "question_title": "A. Overall Winner", "platform": "atcoder",
     "contest_id": "abc301", "contest_date": "2023-05-13T00:00:00", "difficulty": "easy",
     "question_content": "...", "starter_code": "", "metadata": "{}",
     "public_test_cases": "[{\"input\": \"5\\n\", \"output\": \"T\\n\", \"testtype\": \"stdin\"}]",
     "private_test_cases": "eJxrYJ..."}
"""

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

from passk.core.rows import RecordedError, Row
from passk.domains.base_reader import optional, text
from passk.domains.benchmark_problem import FLAGGED, BenchmarkProblem
from passk.domains.code.readers.json_values import read_json_value
from passk.domains.code.readers.pickled import pickled_text
from passk.domains.code.readers.statements import find_unjudgeable
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests

_STARS = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools "
    "operator io sys json builtins typing"
)
_MODULES = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools "
    "operator io sys json"
)
# What LiveCodeBench's harness runs before each program (lcb_runner/evaluation/testing_util.py).
PRELUDE = "".join(
    [
        *(f"from {name} import *\n" for name in _STARS.split()),
        *(f"import {name}\n" for name in _MODULES.split()),
        "sys.setrecursionlimit(50000)\n",
    ]
)


@cache
def errata() -> Mapping[str, str]:
    """Question id or title -> why the problem cannot be judged rightly."""
    listed = resources.files(__package__).joinpath("livecodebench_errata.yaml")
    entries = YAML(typ="safe", pure=True).load(listed.read_text(encoding="utf-8"))
    entries.pop("commit")
    return {name: reason for reason, names in entries.items() for name in names}


def _cases(row: Row, column: str) -> list[dict[str, str]]:
    """Tests of a column, as mappings of `input`, `output`, `testtype`."""
    packed = text(row, column)
    try:
        if not packed.lstrip().startswith("["):
            packed = pickled_text(packed)
        cases = json.loads(packed)
    except ValueError as error:
        raise RecordedError(
            f"{row.place}: {column!r} holds no tests ({error}): download the file again"
        ) from error
    keys = ("input", "output", "testtype")
    for number, case in enumerate(cases):
        if not isinstance(case, dict) or not all(isinstance(case.get(key), str) for key in keys):
            raise RecordedError(
                f"{row.place}: test {number} of {column!r} lacks a text under one of {keys}: "
                "download the file again"
            )
    return list(cases)


def _values(line: str, row: Row) -> Any:  # noqa: ANN401
    try:
        return read_json_value(line)
    except ValueError as error:
        raise RecordedError(
            f"{row.place}: {line[:60]!r} in a functional test is not JSON ({error}): download the "
            "file again"
        ) from error


def tests(row: Row) -> Tests | None:
    """Public and private tests of a row in one; None where it has neither column."""
    columns = [name for name in ("public_test_cases", "private_test_cases") if name in row.values]
    cases = [case for column in columns for case in _cases(row, column)]
    if not cases:
        return None
    metadata = _values(text(row, "metadata"), row) if row.values.get("metadata") else {}
    method = metadata.get("func_name")
    kinds = {case["testtype"] for case in cases}
    if kinds != {"functional" if method else "stdin"}:
        raise RecordedError(
            f"{row.place}: tests of type {sorted(kinds)} and func_name {method!r} do not go "
            "together: download the file again"
        )
    if method is None:
        return Tests(
            entry=None,
            inputs=tuple(case["input"] for case in cases),
            expected=tuple(case["output"] for case in cases),
            prelude=PRELUDE,
            comparison={"kind": "text"},
        )
    arguments = ([_values(line, row) for line in case["input"].split("\n")] for case in cases)
    return Tests(
        entry=f"Solution.{method}",
        inputs=tuple(map(encode, arguments)),
        expected=tuple(encode(_values(case["output"], row)) for case in cases),
        prelude=PRELUDE,
        comparison={"kind": "listed"},
    )


def _date(row: Row) -> str:
    contest_date = text(row, "contest_date")
    try:
        return datetime.datetime.fromisoformat(contest_date).date().isoformat()
    except ValueError as error:
        raise RecordedError(
            f"{row.place}: contest_date is {contest_date!r}; expected an ISO date, e.g. 2024-08-01"
        ) from error


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """LiveCodeBench's problems; no options."""
    del options
    for row in rows:
        name, title = text(row, "question_id"), text(row, "question_title")
        question = text(row, "question_content")
        reason = errata().get(name) or errata().get(title) or find_unjudgeable(question)
        yield BenchmarkProblem(
            name=name,
            place=row.place,
            question=question,
            answer="",
            answer_type="program",
            tests=tests(row),
            starter_code=optional(row, "starter_code"),
            date=_date(row),
            tags=(
                text(row, "platform"),
                text(row, "difficulty"),
                *((FLAGGED, reason) if reason else ()),
            ),
        )
