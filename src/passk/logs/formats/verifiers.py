"""verifiers: `results.jsonl`, a line per rollout."""

from passk.logs.fields import Fields
from passk.logs.format import LogFormat

FORMAT = LogFormat(
    "verifiers (results.jsonl)",
    Fields(
        response=("completion",),
        problem=("example_id",),
        question=("prompt",),
        reference=("answer",),
        grade=("reward",),
        finish=("is_truncated",),
        set=("task",),
        error=("error",),
        grade_from=1.0,
    ),
    lambda values, _path: {"example_id", "completion", "reward"} <= values.keys(),
    note="Rollouts that ended in an error are no samples; of several turns the last is read.",
)
