"""VLMEvalKit: `MODEL_SET.xlsx`, a row per problem."""

from collections.abc import Iterator

from passk.core.rows import Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat
from passk.logs.sample import LogSample

_FAILED = "Failed to obtain answer via API"  # what it writes in place of a response


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The sample of a row; a request that failed has no response, nor a grade."""
    for sample in samples(row, fields):
        failed = sample.text is not None and sample.text.startswith(_FAILED)
        yield sample._replace(text=None, grade=None) if failed else sample


FORMAT = LogFormat(
    "VLMEvalKit (MODEL_SET.xlsx)",
    Fields(
        response=("prediction",),
        problem=("index",),
        question=("question",),
        reference=("answer",),
        grade=("hit",),
    ),
    lambda values, _path: {"index", "question", "prediction"} <= values.keys(),
    read=read,
    domain="visual",
)
