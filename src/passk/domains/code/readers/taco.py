r"""TACO: the whole set, or the verified part of it, in BAAI's format (JSONL or Parquet).

`input_output` is a JSON string: `inputs` and `outputs`, texts of standard input and output, or,
with `fn_name`, lists of arguments and values. A list of lines counts as a text. Outputs of
Codewars' problems are wrapped in a list of one. `solutions` is a list, or a JSON string of one; its
first entry is the reference. Special judges (TACO's `output_spj.jsonl`) are not applied: problems
whose statements accept several outputs (`statements.py`) are tagged `flagged` and with the reason.

Example of a row (shortened):
    {"question": "Print twice ...", "difficulty": "EASY", "source": "codeforces",
     "starter_code": "", "solutions": "[\"print(2 * int(input()))\"]",
     "input_output": "{\"inputs\": [\"1\\n\"], \"outputs\": [\"2\\n\"]}"}
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.domains.base_reader import optional, text, value
from passk.domains.benchmark_problem import FLAGGED, BenchmarkProblem
from passk.domains.code.readers.json_values import read_json_value
from passk.domains.code.readers.statements import find_unjudgeable
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests

# What TACO's harness runs before each program (metrics/testing_util.py).
PRELUDE = """\
import sys
import time
import itertools
from itertools import accumulate, product, permutations, combinations
import collections
from collections import Counter, OrderedDict, deque, defaultdict, ChainMap
from functools import lru_cache
import math
from math import sqrt, sin, cos, tan, ceil, fabs, floor, gcd, exp, log, log2
import fractions
from typing import List, Tuple
import random
import heapq
from heapq import *
"""
_WRAPPED = ("codewars",)  # sources whose expected values are wrapped in a list of one
_METHOD = re.compile(r"^class\s+Solution\b", re.MULTILINE)


def _json(row: Row, column: str, kind: type) -> Any:  # noqa: ANN401
    content = value(row, column, (str, kind))
    if isinstance(content, str):
        try:
            content = read_json_value(content) if content else kind()
        except ValueError as error:
            raise RecordedError(
                f"{row.place}: {column!r} is not JSON ({error}): download the file again"
            ) from error
    if not isinstance(content, kind):
        raise RecordedError(
            f"{row.place}: {column!r} holds a {type(content).__name__}; expected {kind.__name__}"
        )
    return content


def _printed(content: Any, place: str) -> str:  # noqa: ANN401
    """A text of standard input or output; a list is one of lines."""
    if isinstance(content, list):
        return "\n".join(_printed(line, place) for line in content)
    if not isinstance(content, str):
        raise RecordedError(f"{place}: {str(content)[:60]!r} among the tests is no text")
    return content


def tests(row: Row, starter_code: str, reference: str | None) -> Tests | None:
    """The tests of a row; None where it has none."""
    input_output = _json(row, "input_output", dict)
    inputs, outputs = input_output.get("inputs", []), input_output.get("outputs", [])
    if len(inputs) != len(outputs):
        raise RecordedError(
            f"{row.place}: {len(inputs)} inputs and {len(outputs)} outputs: drop the row"
        )
    if not inputs:
        return None
    name = input_output.get("fn_name")
    if name is None:
        return Tests(
            entry=None,
            inputs=tuple(_printed(text, row.place) for text in inputs),
            expected=tuple(_printed(text, row.place) for text in outputs),
            prelude=PRELUDE,
            comparison={"kind": "text"},
            reference=reference,
        )
    wrapped = row.values.get("source") in _WRAPPED
    for case, output in zip(inputs, outputs, strict=True):
        if not isinstance(case, list):
            raise RecordedError(
                f"{row.place}: a case {str(case)[:60]!r} of {name!r} is no list of arguments: "
                "drop the row"
            )
        if wrapped and (not isinstance(output, list) or len(output) != 1):
            raise RecordedError(
                f"{row.place}: an output {str(output)[:60]!r} of {name!r} is no list of one "
                "value: drop the row"
            )
    return Tests(
        entry=f"Solution.{name}" if _METHOD.search(starter_code) else name,
        inputs=tuple(map(encode, inputs)),
        expected=tuple(encode(output[0] if wrapped else output) for output in outputs),
        prelude=PRELUDE,
        comparison={"kind": "listed"},
        reference=reference,
    )


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """TACO's problems, named by their order; no options."""
    del options
    for index, row in enumerate(rows):
        starter_code = optional(row, "starter_code")
        solutions = _json(row, "solutions", list)
        reference = str(solutions[0]) if solutions else None
        question = text(row, "question").strip()
        reason = find_unjudgeable(question)
        flags = (FLAGGED, reason) if reason else ()
        tags = (optional(row, "difficulty"), optional(row, "source"), *flags)
        yield BenchmarkProblem(
            name=str(row.values.get("id", index)),
            place=row.place,
            question=question,
            answer=reference or "",
            answer_type="program",
            tests=tests(row, starter_code or "", reference),
            starter_code=starter_code,
            tags=tuple(tag for tag in tags if tag),
        )
