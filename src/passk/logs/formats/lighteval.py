"""lighteval: `details_TASK_DATE.parquet`, a row per document.

Columns are `doc`, `model_response`, `metric` from 0.11 on (its documentation writes them with
underscores around). Before, they were flat (`full_prompt`, `predictions`, `gold`, `metrics`), and
up to 0.9 each value was written as text.
"""

import ast
from collections.abc import Iterator
from dataclasses import replace

from passk.core.rows import Row
from passk.data.value_paths import MISSING, lookup
from passk.logs.fields import Fields, first, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample

_DOC, _RESPONSE = ("doc", "__doc__"), ("model_response", "__model_response__")
_METRIC = ("metric", "__metric__", "metrics")
_SETTINGS = ("generation_size", "stop_sequences")
_FLAT = {"full_prompt", "predictions", "gold"}

FIELDS = Fields(
    response=("model_response.text", "__model_response__.text", "predictions"),
    problem=("doc.id", "__doc__.id"),
    question=(
        "doc.original_query", "__doc__.original_query", "doc.query", "__doc__.query", "example",
        "full_prompt",
    ),
    reference=("doc.choices", "__doc__.choices", "gold"),
    set=("doc.task_name", "__doc__.task_name"),
)  # fmt: skip


def recognises(values: Values, _path: object) -> bool:
    """Whether a row is of this format."""
    nested = zip(_DOC, _RESPONSE, strict=True)
    return values.keys() >= _FLAT or any({doc, texts} <= values.keys() for doc, texts in nested)


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The samples of a document; a metric is their grade where there is one sample."""
    values = {name: _parsed(value) for name, value in row.values.items()}
    doc = first(values, _DOC)
    if isinstance(doc, dict):
        values["__gold__"] = _golds(doc)
        fields = replace(fields, reference=_own(fields.reference, "__gold__"))
        if not lookup(doc, "original_query"):  # null where the query was not changed
            fields = replace(fields, question=_own(fields.question, *FIELDS.question[2:]))
    if not fields.grade:
        values["__grade__"] = _grade(values)
        fields = replace(fields, grade=("__grade__",))
    yield from samples(Row(row.place, values), fields)


def _own(paths: tuple[str, ...], *instead: str) -> tuple[str, ...]:
    """The paths of the format, replaced; those that a person named, as they are."""
    return instead if paths in (FIELDS.reference, FIELDS.question) else paths


def _parsed(value: object) -> object:
    """A list or an object that was written as the text of a Python value."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return value
    return value


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


FORMAT = LogFormat(
    "lighteval (details_*.parquet)", FIELDS, recognises, read=read,
    settings=tuple(f"{doc}.{name}" for doc in _DOC for name in _SETTINGS),
)  # fmt: skip
