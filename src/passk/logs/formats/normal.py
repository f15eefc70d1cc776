"""What `passk import` writes."""

from collections.abc import Iterator

from passk.core.rows import Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat
from passk.logs.sample import LogSample


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The sample of a row."""
    for sample in samples(row, fields):
        yield sample._replace(holds=row.values["holds"])


FORMAT = LogFormat(
    "passk import",
    Fields(
        response=("text",),
        problem=("problem",),
        question=("question",),
        reference=("references",),
        set=("set",),
        number=("number",),
        grade=("grade",),
        finish=("finish",),
        tokens=("tokens",),
        seed=("seed",),
        step=("step",),
    ),
    lambda values, _path: {"problem", "references", "text", "holds", "finish"} <= values.keys(),
    read=read,
    single=("step",),
)
