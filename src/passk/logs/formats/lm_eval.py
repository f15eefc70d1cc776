"""lm-evaluation-harness: `samples_TASK_DATE.jsonl`, a line per document and filter."""

from collections.abc import Iterator
from dataclasses import replace

from passk.core.rows import RecordedError, Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample
from passk.logs.values import MISSING, lookup

FIELDS = Fields(
    response=("resps",),
    problem=("doc_id",),
    question=(
        "doc.problem", "doc.question", "doc.Question", "doc.prompt",
        "arguments.gen_args_0.arg_0", "arguments[0][0]",
    ),
    reference=("target",),
)  # fmt: skip


def recognises(values: Values, _path: object) -> bool:
    """Whether a row is of this format."""
    return {"doc_id", "resps", "target"} <= values.keys()


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The repeats of a document. Of several filters, `reader` takes one.

    The metric grades the filtered answer, not the response: it is kept as the recorded grade where
    a document has one response, and a metric's name stands in `metrics`.
    """
    responses = lookup(row.values, "resps")
    if responses is MISSING or not isinstance(responses, list):
        raise RecordedError(f"{row.place}: `resps` is no list; is the file of lm-eval?")
    # [[repeat, repeat, ...]] for one request; loglikelihood requests hold pairs of numbers.
    texts = responses[0] if responses and isinstance(responses[0], list) else responses
    if any(not isinstance(text, str) for text in texts):
        raise RecordedError(
            f"{row.place}: `resps` holds no generated text; a task of multiple choice by "
            "log-likelihood has no samples to judge"
        )
    values = row.values | {"resps": texts}
    grade = _grade(row.values) if len(texts) == 1 else None
    for sample in samples(Row(row.place, values), replace(fields, grade=())):
        yield sample._replace(grade=grade)


def _grade(values: Values) -> bool | None:
    for name in values.get("metrics") or ():
        score = values.get(name)
        if isinstance(score, int | float) and score in {0, 1}:
            return bool(score)
    return None


FORMAT = LogFormat(
    "lm-evaluation-harness (samples_*.jsonl)",
    FIELDS,
    recognises,
    read=read,
    note="A line per document and filter: lines of the first filter are taken.",
)
