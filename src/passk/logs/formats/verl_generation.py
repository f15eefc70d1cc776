"""verl's generation: a Parquet file of prompts with a list of responses."""

from passk.logs.fields import Fields
from passk.logs.format import LogFormat

FORMAT = LogFormat(
    "verl generation (.parquet)",
    Fields(
        response=("responses",),
        problem=("extra_info.index",),
        question=("prompt",),
        reference=("reward_model.ground_truth",),
        set=("data_source",),
    ),
    lambda values, _path: {"responses", "reward_model"} <= values.keys(),
)
