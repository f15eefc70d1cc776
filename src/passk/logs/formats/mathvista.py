"""MathVista: `output_*.json`, an entry per problem of the benchmark."""

from passk.core.rows import Row
from passk.logs.fields import Fields
from passk.logs.format import LogFormat


def narrow(row: Row, fields: Fields) -> Fields:
    """Where the model failed, `error` stands in place of the response."""
    if row.values.get("error") and not row.values.get("response"):
        row.values["response"] = None
    return fields


FORMAT = LogFormat(
    "MathVista (output_*.json)",
    Fields(
        response=("response",),
        problem=("pid",),
        question=("question",),
        reference=("answer",),
        grade=("true_false",),
    ),
    lambda values, _path: {"pid", "query", "response"} <= values.keys(),
    narrow=narrow,
    domain="visual",
)
