"""Data sets of responses in list columns: OpenR1, evalchemy, large language monkeys."""

from collections.abc import Iterator
from pathlib import Path

from passk.core.rows import Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample

_LISTS = ("generations", "model_outputs", "samples")
FIELDS = Fields(
    response=_LISTS,
    problem=("uuid", "id", "problem_id"),
    question=("problem", "question"),
    reference=("answer", "gt_answer", "expected_answer"),
    grade=("correctness_math_verify", "correctness", "is_corrects"),
    finish=("finish_reasons",),
)
_BOX = r"\boxed"


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return any(isinstance(values.get(name), list) for name in _LISTS) and bool(
        {"problem", "question"} & values.keys()
    )


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The samples of a row; a list of grades that is null, or holds null, grades nothing there."""
    yield from samples(row, fields)


FORMAT = LogFormat(
    "list columns (OpenR1, evalchemy, monkeys)", FIELDS, recognises, read=read,
    note="A reference that is a whole solution is read by its box.",
)  # fmt: skip
