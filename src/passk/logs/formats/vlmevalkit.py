"""VLMEvalKit: `MODEL_SET.xlsx`, a row per problem."""

from passk.logs.fields import Fields
from passk.logs.format import LogFormat

FORMAT = LogFormat(
    "VLMEvalKit (MODEL_SET.xlsx)",
    Fields(
        response=("prediction",),
        problem=("index",),
        question=("question",),
        reference=("answer",),
        grade=("hit",),
    ),
    lambda values, _path: {"index", "prediction"} <= values.keys(),
)
