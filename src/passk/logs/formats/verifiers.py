"""verifiers: `results.jsonl`, a line per rollout."""

from collections.abc import Iterator
from pathlib import Path

from passk.core.rows import Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample

FIELDS = Fields(
    response=("completion",),
    problem=("example_id",),
    question=("prompt",),
    reference=("answer",),
    grade=("reward",),
    finish=("is_truncated",),
    set=("task",),
    error=("error",),
    grade_from=1.0,
)


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return {"example_id", "completion", "reward"} <= values.keys()


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The sample of a row: a rollout of several turns is its last message."""
    yield from samples(row, fields)


FORMAT = LogFormat(
    "verifiers (results.jsonl)", FIELDS, recognises, read=read,
    note="Rollouts that ended in an error are no samples.",
)  # fmt: skip
