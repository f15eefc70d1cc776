"""TRL: `completions_STEP.parquet` of a trainer that logs what it samples."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from passk.core.rows import Row
from passk.data.usual_columns import USUAL
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.formats.chat_templates import last_turn
from passk.logs.sample import LogSample

FIELDS = Fields(
    response=("completion",),
    question=("prompt",),
    reference=("answer", "solution", "ground_truth", "gold", "target", "correct_answer"),
    step=("step",),
    grade_from=1.0,
)
_ACCURACY = re.compile("accuracy|correct", re.IGNORECASE)
_GOLDS = {*USUAL["gold"].sure, *USUAL["gold"].likely}


def recognises(values: Values, path: Path) -> bool:
    """Whether a row is of this format."""
    return {"step", "prompt", "completion"} <= values.keys() or (
        {"prompt", "completion"} <= values.keys() and path.name.startswith("completions_")
    )


def narrow(row: Row, fields: Fields) -> Fields:
    """The grade is the reward of accuracy, whose name the trainer's user chose."""
    rewards = sorted(
        name
        for name, value in row.values.items()
        if _ACCURACY.search(name) and name not in _GOLDS and isinstance(value, int | float | None)
    )
    return fields if fields.grade else replace(fields, grade=tuple(rewards[:1]))


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The sample of a row; a reward of accuracy of 1 and more is right, NaN was not computed."""
    prompt = row.values.get("prompt")
    if isinstance(prompt, str) and fields.question == FIELDS.question:
        row = Row(row.place, row.values | {"__question__": last_turn(prompt)})
        fields = replace(fields, question=("__question__",))
    yield from samples(row, fields)


FORMAT = LogFormat(
    "TRL completions (completions_STEP.parquet)", FIELDS, recognises, narrow=narrow, read=read,
    single=("step",), note="Right answers are often not in the file: give the problems.",
)  # fmt: skip
