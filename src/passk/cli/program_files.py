"""Files of programs and of the problems that they answer, in the style of evalplus.

A row of samples names its problem (`task_id`) and has one of

- `solution`: a program, run as it is;
- `completion`: what follows the prompt of the benchmark, run behind it;
- `response`: what a model wrote, from which the program is extracted.

A `solution` or `completion` that is null is none.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from passk.core.ids import problem_id
from passk.core.rows import RecordedError, Row, read_rows
from passk.data import sources as registry
from passk.data.benchmarks import read_benchmark
from passk.data.imported import recorded_grade
from passk.domains.benchmark_problem import ANY_FILE
from passk.domains.code.domain import CODE
from passk.domains.code.readers.references import with_expected
from passk.domains.code.settings import CodeJudgeSettings
from passk.domains.code.test_cases import Tests
from passk.domains.code.test_checks import find_fault

SOLUTION, COMPLETION, RESPONSE = "solution", "completion", "response"
# Names of these columns in files in the wild, in order of preference.
_NAMES = ("task_id", "problem_id", "question_id", "id")
_RESPONSES = ("response", "responses", "text", "output")


class ProgramProblem(NamedTuple):
    """A problem that programs answer.

    Attributes:
        position: in the file.
        identity: digest of what is asked.
        tests: as JSON; None where the file has none for it.
        prefix: what a completion continues.
    """

    position: int
    identity: str
    tests: str | None
    prefix: str


class ProgramSample(NamedTuple):
    """A program, or text that holds one.

    Attributes:
        problem: its problem's name.
        number: of the sample among its problem's.
        kind: SOLUTION, COMPLETION or RESPONSE.
        text: as the file has it.
        grade: somebody's grade of it.
        place: of its row, in words for messages.
    """

    problem: str
    number: int
    kind: str
    text: str
    grade: bool | None
    place: str


def read_problems(
    path: Path, source: str | None, grader: CodeJudgeSettings, *, any_digest: bool = False
) -> dict[str, ProgramProblem]:
    """Problems by name.

    Args:
        path: a benchmark's published file, or a table with `tests` and a column that names them.
        source: the benchmark; None: as its digest says, else a table.
        grader: how reference solutions run, where they have to say what is expected.
        any_digest: take another file than the published one for the source's.

    Raises:
        RecordedError: neither kind of file, a problem twice, tests that cannot be read.
        SandboxError: bubblewrap or namespaces are missing.
    """
    if any_digest and source is None:
        raise RecordedError("--any-digest: name the benchmark that the file is, with --source")
    if (name := source or registry.published(path, CODE.name)) is None:
        return _table(path)
    if registry.source(name).domain != CODE.name:
        raise RecordedError(f"--source {name}: holds no programs; leave out --domain code")
    try:
        problems = read_benchmark(name, path, ANY_FILE if any_digest else None)
    except registry.OtherFileError as error:
        raise RecordedError(f"{error.fact}, or, to take it as it is, add --any-digest") from error
    completed = with_expected(problems, grader.options(), workers=grader.workers)
    return {
        problem.name: ProgramProblem(
            index,
            problem_id(CODE.name, problem.question, starter_code=problem.starter_code),
            None if problem.tests is None else problem.tests.dump(),
            problem.prefix,
        )
        for index, problem in enumerate(completed)
    }


def _table(path: Path) -> dict[str, ProgramProblem]:
    rows = read_rows(path)
    by_name: dict[str, ProgramProblem] = {}
    for index, row in enumerate(rows):
        if "tests" not in row.values:
            raise RecordedError(
                f"{row.place}: no column 'tests'; found {sorted(row.values)}. A benchmark's "
                f"published file is told by --source: {', '.join(_code_sources())}"
            )
        name = str(_value(row, None, _NAMES, "problem-id"))
        if name in by_name:
            raise RecordedError(f"{row.place}: problem {name!r} stands before; remove one")
        tests = row.values["tests"]
        prefix = str(row.values.get("prompt") or row.values.get("starter_code") or "")
        by_name[name] = ProgramProblem(
            index, name, None if tests is None else _tests(tests, row), prefix
        )
    return by_name


def _tests(value: Any, row: Row) -> str:  # noqa: ANN401
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


def _code_sources() -> list[str]:
    return [name for name, source in registry.sources().items() if source.domain == CODE.name]


def _value(row: Row, given: str | None, known: Sequence[str], option: str) -> Any:  # noqa: ANN401
    for name in (given,) if given is not None else known:
        if name in row.values:
            return row.values[name]
    raise RecordedError(
        f"{row.place}: no column {given or known[0]!r}; found {sorted(row.values)}. Name the "
        f"right one with --{option}"
    )


def read_samples(path: Path, given: Mapping[str, str | None]) -> list[ProgramSample]:
    """The samples of a file, in its order.

    Args:
        path: of the file.
        given: columns by kind, where they go by other than the usual names.

    Raises:
        RecordedError: a missing column, a value of another type, a sample twice.
    """
    samples: list[ProgramSample] = []
    number: Counter[str] = Counter()
    taken: dict[tuple[str, int], str] = {}
    for row in read_rows(path):
        name = str(_value(row, given["problem_id"], _NAMES, "problem-id"))
        kind, text = _text(row, given["response"])
        index = number[name]
        if given["sample_index"] is not None:
            index = _value(row, given["sample_index"], (), "sample-index")
        if not isinstance(index, int) or isinstance(index, bool) or index < 0:
            raise RecordedError(f"{row.place}: sample index is {index!r}; expected 0, 1, ...")
        if (place := taken.setdefault((name, index), row.place)) != row.place:
            raise RecordedError(f"{row.place}: sample {index} of {name!r} stands in {place} too")
        number[name] += 1
        grade = given["recorded_grade"]
        stated_grade = None if grade is None else _value(row, grade, (), "recorded-grade")
        samples.append(
            ProgramSample(
                name, index, kind, text, recorded_grade(stated_grade, row.place), row.place
            )
        )
    return samples


def _text(row: Row, response: str | None) -> tuple[str, str]:
    filled = [kind for kind in (SOLUTION, COMPLETION) if row.values.get(kind) is not None]
    if response is not None or not (filled or {SOLUTION, COMPLETION} & row.values.keys()):
        kind = RESPONSE
        names = (response,) if response is not None else (SOLUTION, COMPLETION, *_RESPONSES)
        text = _value(row, response, names, "response")
    else:
        kind = filled[0] if filled else SOLUTION  # evalplus's order
        text = row.values.get(kind)
    if not isinstance(text, str):
        raise RecordedError(
            f"{row.place}: {kind} is {str(text)[:60]!r}; expected text, one sample a row"
        )
    return kind, text
