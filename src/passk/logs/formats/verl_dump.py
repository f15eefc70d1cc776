"""verl: `STEP.jsonl` of rollouts or validation, with prompts in their chat template."""

import re
from collections.abc import Iterator
from pathlib import Path

from passk.core.rows import Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample

FIELDS = Fields(
    response=("output",), question=("question",), reference=("gts",), grade=("acc", "score"),
    step=("step",),
)  # fmt: skip
# A turn of the user in a template whose special tokens were kept, or dropped.
_TURNS = (
    re.compile(r"<\|im_start\|>user\n(.*?)(?:<\|im_end\|>|\Z)", re.DOTALL),
    re.compile(
        r"<\|start_header_id\|>user<\|end_header_id\|>\s*(.*?)(?:<\|eot_id\|>|\Z)", re.DOTALL
    ),
    re.compile(r"<｜User｜>(.*?)(?:<｜Assistant｜>|\Z)", re.DOTALL),
    re.compile(r"\[INST\](.*?)(?:\[/INST\]|\Z)", re.DOTALL),
    re.compile(r"(?:\A|\n)user\n(.*?)(?:\nassistant\s*(?:<think>\s*)?\Z|\Z)", re.DOTALL),
)


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    return {"input", "output", "score"} <= values.keys() or {
        "input",
        "output",
        "gts",
    } <= values.keys()


def last_turn(prompt: str) -> str:
    r"""What the user asks last in a prompt that is in its chat template.

    Example:
        >>> last_turn("system\nBe good.\nuser\n2 + 2?\nassistant\n")
        '2 + 2?'
        >>> last_turn("<|im_start|>user\n2 + 2?<|im_end|>\n<|im_start|>assistant\n")
        '2 + 2?'
    """
    for pattern in _TURNS:
        if turns := pattern.findall(prompt):
            return str(turns[-1]).strip()
    return prompt


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The sample of a row; a score from .5 on is right (-1/1, 0/1 and 0.1/1.0 all occur)."""
    values = dict(row.values)
    if isinstance(values.get("input"), str):
        values["question"] = last_turn(values["input"])
    yield from samples(Row(row.place, values), fields)


FORMAT = LogFormat(
    "verl rollouts (STEP.jsonl)",
    Fields(**{**FIELDS.__dict__, "grade_from": 0.5}),
    recognises,
    read=read,
    note="Prompts stand in their chat template: the last turn of the user is the question.",
)
