"""Every Eval Ever 0.3: instances in a schema shared by many harnesses."""

from passk.logs.fields import Fields
from passk.logs.format import LogFormat

FORMAT = LogFormat(
    "Every Eval Ever (instances)",
    Fields(
        response=("output.raw",),
        problem=("sample_id",),
        question=("input.raw",),
        reference=("input.reference",),
        grade=("evaluation.is_correct",),
        set=("evaluation_name",),
    ),
    lambda values, _path: (
        "sample_id" in values and isinstance(values.get("input"), dict) and "evaluation" in values
    ),
)
