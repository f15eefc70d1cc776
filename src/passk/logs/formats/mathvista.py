"""MathVista: `output_*.json`, an entry per problem of the benchmark."""

from passk.logs.fields import Fields
from passk.logs.format import LogFormat

FORMAT = LogFormat(
    "MathVista (output_*.json)",
    Fields(response=("response",), problem=("pid",), grade=("true_false",)),
    lambda values, _path: {"pid", "query", "response"} <= values.keys(),
)
