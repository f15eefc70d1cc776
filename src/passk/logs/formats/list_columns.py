"""Data sets of responses in list columns: OpenR1, evalchemy, large language monkeys."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from passk.core.rows import Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample

_LISTS = ("generations", "model_outputs", "samples")
FIELDS = Fields(
    response=_LISTS,
    problem=("uuid", "id", "problem_id", "orig_dset_idx"),
    question=("problem", "question"),
    reference=("answer", "gt_answer", "expected_answer"),
    grade=("correctness_math_verify", "correctness", "is_corrects"),
    finish=("finish_reasons",),
)


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return any(isinstance(values.get(name), list) for name in _LISTS) and bool(
        {"problem", "question"} & values.keys()
    )


def narrow(row: Row, fields: Fields) -> Fields:
    """Of a kind, the column that is no null in a row: OpenR1 has several of grades."""
    grades = tuple(path for path in fields.grade if row.values.get(path) is not None)
    return replace(fields, grade=grades or fields.grade)


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The samples of a row; OpenR1 often knows only whether the reasoning is complete."""
    complete = row.values.get("is_reasoning_complete")
    known = row.values.get("finish_reasons") is not None or fields.finish != FIELDS.finish
    if isinstance(complete, list) and not known:
        ends = ["stop" if whole else "length" for whole in complete]
        row = Row(row.place, row.values | {"finish_reasons": ends})
    yield from samples(row, fields)


FORMAT = LogFormat(
    "list columns (OpenR1, evalchemy, monkeys)", FIELDS, recognises, narrow=narrow, read=read,
    note="Of a reference that is a whole solution its last box is the right answer.",
)  # fmt: skip
