r"""LeetCodeDataset (newfacade), all versions: JSONL, tests as a script beside `class Solution`.

Tests that are plain assertions are read as inputs and expected values (`asserts.py`); a problem
with others has no tests. Trees and linked lists are written as lists: what builds and flattens them
runs in the sandbox, around the method (`_AROUND`), and lists are compared outside.

Example of a row (shortened):
    {"task_id": "two-sum", "question_id": 1, "difficulty": "Easy", "estimated_date": "2015-08-07",
     "tags": ["Array"], "prompt": "from typing import *\n...", "entry_point": "Solution().twoSum",
     "problem_description": "Given ...", "starter_code": "class Solution:\n    def twoSum(...)...",
     "completion": "class Solution:...", "query": "...", "response": "...",
     "test": "def check(candidate):\n    assert candidate(nums = [2, 7], target = 9) == [0, 1]\n"}
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.domains.base_reader import optional, text
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.code.readers import asserts
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests

_ENTRY = re.compile(r"Solution\(\)\.(\w+)$")
# Calls the method with what builders make of lists; `as_list` undoes what they do. A tree is
# written level by level, with None where a child is missing, and none at the end.
_AROUND = """
def as_list(node):
    if node is None:
        return []
    if hasattr(node, "next"):
        values = []
        while node is not None:
            values.append(node.val)
            node = node.next
        return values
    values, level = [], [node]
    while level:
        node = level.pop(0)
        values.append(None if node is None else node.val)
        if node is not None:
            level += [node.left, node.right]
    while values and values[-1] is None:
        values.pop()
    return values


def called_with_lists(*arguments):
    built = [
        arguments[i] if builder is None or arguments[i] is None else builder(arguments[i])
        for i, builder in enumerate([{builders}])
    ]
    returned = Solution().{method}(*built)
    return {flattened}
"""


def parameters(code: str, method: str) -> list[str] | None:
    """Names of a method's parameters without `self`; None where the code does not define it."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == method:
            return [argument.arg for argument in node.args.args if argument.arg != "self"]
    return None


def tests(row: Row, reference: str) -> Tests | None:
    """The tests of a row; None where its script is more than plain assertions."""
    prompt, solution = text(row, "prompt"), text(row, "completion")
    if (entry := _ENTRY.match(text(row, "entry_point").strip())) is None:
        raise RecordedError(
            f"{row.place}: entry_point is {row.values['entry_point']!r}; expected Solution().name"
        )
    method = entry[1]
    if (names := parameters(solution, method)) is None:
        raise RecordedError(f"{row.place}: 'completion' does not define {method!r}: drop the row")
    if (assertions := asserts.read(text(row, "test"), names)) is None:
        return None
    called = f"Solution.{method}"
    if assertions.built or assertions.returned:
        builders = [assertions.built.get(i, "None") for i in range(len(assertions.cases[0][0]))]
        flattened = "as_list(returned)" if assertions.returned else "returned"
        around = _AROUND.replace("{builders}", ", ".join(builders)).replace("{method}", method)
        prompt = f"{prompt}\n{around.replace('{flattened}', flattened)}"
        called = "called_with_lists"
    empty: list[Any] | None = [] if assertions.returned else None
    return Tests(
        entry=called,
        inputs=tuple(encode(arguments) for arguments, _ in assertions.cases),
        expected=tuple(encode(empty if value is None else value) for _, value in assertions.cases),
        prelude=prompt,
        comparison={"kind": "exact"}
        if assertions.atol is None
        else {"kind": "close", "atol": assertions.atol},
        reference=reference,
    )


def _asked(facts: Row) -> str:
    """The problem's text: older versions call it a title, or have it in the query alone."""
    names = ("problem_description", "question_title", "query")
    return next(question for name in names if (question := optional(facts, name))).strip()


def _listed(tags: object) -> list[str]:
    """Subjects; v0.3.0 has their list as a text."""
    if isinstance(tags, str):
        tags = re.findall(r"'([^']+)'", tags)
    return [str(tag) for tag in tags] if isinstance(tags, list) else []


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """LeetCodeDataset's problems; no options. Older versions keep `meta` in a mapping."""
    del options
    for row in rows:
        text(row, "query")
        facts = Row(row.place, {**(row.values.get("meta") or {}), **row.values})
        solution = text(row, "completion")
        tags = [optional(facts, "difficulty"), *_listed(facts.values.get("tags"))]
        yield BenchmarkProblem(
            name=text(row, "task_id"),
            place=row.place,
            question=_asked(facts),
            answer=solution,
            answer_type="program",
            tests=tests(row, solution),
            starter_code=optional(facts, "starter_code") or optional(facts, "lang_code"),
            date=optional(facts, "estimated_date"),
            tags=tuple(tag for tag in tags if tag),
        )
