"""Any other table: columns by the names that they usually have."""

from passk.logs.fields import Fields
from passk.logs.format import LogFormat

# One list for `passk judge`, imports and joins, in order of preference.
USUAL = Fields(
    response=(
        "response", "responses", "text", "output", "outputs", "completion", "completions",
        "generation", "generated_text", "prediction", "model_output", "code",
    ),
    problem=("problem_id", "pid", "question_id", "task_id", "id", "idx", "uuid"),
    question=("problem", "question", "prompt", "input", "messages"),
    reference=(
        "gold", "answer", "gt", "target", "final_answer", "ground_truth", "expected_answer",
        "reference", "solution",
    ),
    set=("set", "benchmark", "dataset", "data_source", "task"),
    number=("sample_index", "sample", "repeat", "epoch"),
    grade=("recorded_grade", "score", "correct", "is_correct", "true_false", "grade"),
    finish=("finish_reason", "stop_reason", "truncated", "is_truncated"),
    tokens=("n_tokens", "num_tokens", "num_generated_tokens"),
    seed=("seed",),
    step=("step",),
)  # fmt: skip

FORMAT = LogFormat("a table", USUAL, lambda _values, _path: True)
