"""MBPP+ as evalplus publishes it: MbppPlus-v0.2.0.jsonl(.gz).

The prompt is a docstring of one sentence and an assertion. Inputs are JSON, which has neither
tuples nor sets nor complex numbers; evalplus knows by task what they were, and so does `TYPES`
(evalplus 0.3.1, `mbpp_deserialize_inputs`). Expected outputs are what `canonical_solution` returns.
The Parquet form on the Hugging Face Hub, with tests as a script, is another format.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.domains.base_reader import text, value
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.code.checkers import evalplus_comparison
from passk.domains.code.readers.humaneval_plus import inputs
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests

Arguments = list[Any]


def _each(case: Arguments) -> Arguments:
    return [tuple(argument) for argument in case]


def _entries(case: Arguments) -> Arguments:
    return [[tuple(entry) for entry in argument] for argument in case]


def _entries_of_first(case: Arguments) -> Arguments:
    return [[tuple(entry) for entry in case[0]], case[1]]


def _second(case: Arguments) -> Arguments:
    return [case[0], tuple(case[1])]


def _sets(case: Arguments) -> Arguments:
    return [[set(entry) if isinstance(entry, list) and entry else {} for entry in case[0]]]


def _complex_pair(case: Arguments) -> Arguments:
    return [float(case[0]), complex(case[1])]


def _complex(case: Arguments) -> Arguments:
    return [complex(case[0])]


def _first(case: Arguments) -> Arguments:
    return [tuple(case[0]), *case[1:]]


def _tuples_of_tuples(case: Arguments) -> Arguments:
    return [tuple(tuple(entry) for entry in argument) for argument in case]


def _lists_within_first(case: Arguments) -> Arguments:
    return [tuple(tuple(entry) if isinstance(entry, list) else entry for entry in case[0])]


def _values_of_first(case: Arguments) -> Arguments:
    return [{key: tuple(entry) for key, entry in case[0].items()}, *case[1:]]


def _deep(case: Arguments) -> Arguments:
    def turned(nested: Any) -> Any:  # noqa: ANN401
        return tuple(map(turned, nested)) if isinstance(nested, list) else nested

    return [turned(argument) for argument in case]


_TASKS: Mapping[Callable[[Arguments], Arguments], tuple[int, ...]] = {
    _each: (
        2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630,
        726, 740, 744, 809,
    ),
    _entries: (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780),
    _entries_of_first: (75, 413, 444, 753),
    _second: (106, 750),
    _sets: (115,),
    _complex_pair: (124,),
    _first: (250, 307, 405, 446, 617, 720, 763, 808),
    _tuples_of_tuples: (259, 401, 445),
    _lists_within_first: (278,),
    _values_of_first: (722,),
    _complex: (252,),
    _deep: (580, 615, 791),
}  # fmt: skip
# task number -> arguments as JSON has them -> arguments as the function takes them
TYPES = {number: turn for turn, numbers in _TASKS.items() for number in numbers}


def arguments(case: Arguments, task: str, place: str) -> Arguments:
    """The arguments of one case of a task, e.g. `Mbpp/2`, with the types that JSON lost.

    Raises:
        RecordedError: the task's name has no number, or the case is of another shape.
    """
    try:
        number = int(task.rpartition("/")[2])
        return TYPES.get(number, list)(case)
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        raise RecordedError(
            f"{place}: {task} has a case {str(case)[:60]} of another shape than in MBPP+ v0.2.0 "
            f"({error}); take that version"
        ) from error


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """MBPP+'s problems; options as for HumanEval+."""
    for row in rows:
        task, entry, prompt = text(row, "task_id"), text(row, "entry_point"), text(row, "prompt")
        solution = prompt + text(row, "canonical_solution")
        cases = inputs(row, "base_input")
        if options.get("plus", True):
            cases = cases + inputs(row, "plus_input")
        if not cases:
            raise RecordedError(f"{row.place}: no inputs: download the file again")
        tests = Tests(
            entry=entry,
            inputs=tuple(encode(arguments(case, task, row.place)) for case in cases),
            expected=(),
            reference=solution,
        )
        comparison = evalplus_comparison("mbpp_plus", entry, value(row, "atol", (int, float)))
        yield BenchmarkProblem(
            name=task,
            place=row.place,
            question=prompt.strip(),
            answer=solution,
            answer_type="program",
            prefix=prompt,
            tests=replace(tests, comparison=comparison),
        )
