"""lighteval: `details_TASK_DATE.parquet`, a row per document."""

from collections.abc import Iterator
from dataclasses import replace

from passk.core.rows import Row
from passk.logs.fields import Fields, first, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample
from passk.logs.values import MISSING, lookup

_DOC, _ANSWERS, _METRIC = ("doc", "__doc__"), ("model_response", "__model_response__"), (
    "metric", "__metric__",
)  # fmt: skip

FIELDS = Fields(
    response=("model_response.text", "__model_response__.text"),
    problem=("doc.id", "__doc__.id"),
    question=("doc.original_query", "__doc__.original_query", "doc.query", "__doc__.query"),
    reference=("gold",),
    set=("doc.task_name", "__doc__.task_name"),
)


def recognises(values: Values, _path: object) -> bool:
    """Whether a row is of this format."""
    return any({doc, answers} <= values.keys() for doc, answers in zip(_DOC, _ANSWERS, strict=True))


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The samples of a document; a metric is their grade where there is one sample."""
    doc = first(row.values, _DOC)
    doc = doc if isinstance(doc, dict) else {}
    gold = _golds(doc)
    values = row.values | ({"gold": gold} if gold else {})
    if not lookup(doc, "original_query"):  # null where the query was not changed
        fields = replace(fields, question=fields.question[2:])
    drawn = list(samples(Row(row.place, values), fields))
    grade = _grade(row.values) if len(drawn) == 1 else None
    yield from (sample._replace(grade=grade) for sample in drawn)


def _golds(doc: Values) -> list[object]:
    choices, index = doc.get("choices"), doc.get("gold_index")
    if not choices or index is None:
        return []
    return [choices[at] for at in (index if isinstance(index, list) else [index])]


def _grade(values: Values) -> bool | None:
    metric = first(values, _METRIC)
    if metric is MISSING or not isinstance(metric, dict):
        return None
    scores = [score for score in metric.values() if isinstance(score, int | float)]
    return bool(scores[0]) if scores and scores[0] in {0, 1} else None


FORMAT = LogFormat("lighteval (details_*.parquet)", FIELDS, recognises, read=read)
