"""NeMo-Skills: `output-rsN.jsonl`, a file per seed, a line per problem."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from passk.core.rows import Row
from passk.logs.fields import Fields, first, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample

FIELDS = Fields(
    response=("generation",),
    problem=("id", "problem_id"),
    question=("problem", "question"),
    reference=("expected_answer",),
    grade=("symbolic_correct", "is_correct", "judgement"),
    finish=("finish_reason",),
    tokens=("num_generated_tokens",),
)
_JUDGEMENT = re.compile(r"Judgement:\s*(yes|no)", re.IGNORECASE)


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return {"generation", "expected_answer"} <= values.keys()


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The sample of a line; what a judging model wrote (`Judgement: Yes`) is a grade, too."""
    grade = first(row.values, fields.grade)
    if fields.grade == FIELDS.grade and isinstance(grade, str):
        verdicts = _JUDGEMENT.findall(grade)
        values = row.values | {"__grade__": verdicts[-1] if verdicts else None}
        row, fields = Row(row.place, values), replace(fields, grade=("__grade__",))
    yield from samples(row, fields)


FORMAT = LogFormat(
    "NeMo-Skills (output-rsN.jsonl)", FIELDS, recognises, read=read,
    seed=re.compile(r"-rs(\d+)"), note="A file per seed: give them all.",
)  # fmt: skip
