"""verl: `STEP.jsonl` of rollouts or validation, with prompts in their chat template."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from passk.core.rows import Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.formats.chat_templates import last_turn
from passk.logs.sample import LogSample

# A score from .5 on is right: -1 and 1, 0 and 1, 0.1 and 1 all occur.
FIELDS = Fields(
    response=("output",), question=("input",), reference=("gts",), grade=("acc", "score"),
    step=("step",), grade_from=0.5,
)  # fmt: skip


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return {"input", "output", "score", "step"} <= values.keys()


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The sample of a row."""
    prompt = row.values.get("input")
    if isinstance(prompt, str) and fields.question == FIELDS.question:
        row = Row(row.place, row.values | {"__question__": last_turn(prompt)})
        fields = replace(fields, question=("__question__",))
    yield from samples(row, fields)


FORMAT = LogFormat(
    "verl rollouts (STEP.jsonl)", FIELDS, recognises, read=read, single=("step",),
    note="Prompts stand in their chat template: the last turn of the user is the question.",
)  # fmt: skip
