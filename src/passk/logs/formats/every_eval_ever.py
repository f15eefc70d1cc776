"""Every Eval Ever 0.3: instances in a schema shared by many harnesses."""

from passk.logs.fields import Fields
from passk.logs.format import LogFormat

FORMAT = LogFormat(
    "Every Eval Ever (instances)",
    Fields(
        response=("output.raw", "messages"),
        problem=("sample_id",),
        question=("input.raw",),
        reference=("input.reference",),
        grade=("evaluation.is_correct",),
        set=("evaluation_name",),
        tokens=("token_usage.output_tokens",),
        error=("error",),
    ),
    lambda values, _path: (
        "sample_id" in values and isinstance(values.get("input"), dict) and "evaluation" in values
    ),
    scorer=("evaluation_result_id",),
    single=("model_id",),
    note="A response has a line per metric: lines of the first are read. Instances that ended in "
    "an error are no samples.",
)
