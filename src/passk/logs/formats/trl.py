"""TRL: `completions_STEP.parquet` of a trainer that logs what it samples."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from passk.core.rows import Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample

FIELDS = Fields(
    response=("completion",),
    question=("prompt",),
    reference=("answer", "solution", "ground_truth", "gold", "target"),
    step=("step",),
    grade_from=1.0,
)
_ACCURACY = re.compile("accuracy|correct", re.IGNORECASE)


def recognises(values: Values, path: Path) -> bool:
    """Whether a row is of this format."""
    return {"step", "prompt", "completion"} <= values.keys() or (
        {"prompt", "completion"} <= values.keys() and path.name.startswith("completions_")
    )


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The sample of a row; a reward of accuracy of 1 and more is right."""
    rewards = tuple(sorted(name for name in row.values if _ACCURACY.search(name)))
    yield from samples(row, replace(fields, grade=fields.grade or rewards[:1]))


FORMAT = LogFormat(
    "TRL completions (completions_STEP.parquet)", FIELDS, recognises, read=read,
    note="Right answers are often not in the file: give the problems.",
)  # fmt: skip
