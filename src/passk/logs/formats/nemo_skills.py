"""NeMo-Skills: `output-rsN.jsonl`, a file per seed, a line per problem."""

import re

from passk.logs.fields import Fields
from passk.logs.format import LogFormat

FORMAT = LogFormat(
    "NeMo-Skills (output-rsN.jsonl)",
    Fields(
        response=("generation",),
        problem=("id", "problem_id"),
        question=("problem", "question"),
        reference=("expected_answer",),
        grade=("symbolic_correct", "is_correct"),
        finish=("finish_reason",),
        tokens=("num_generated_tokens",),
    ),
    lambda values, _path: "generation" in values and "expected_answer" in values,
    seed=re.compile(r"-rs(\d+)"),
    note="A file per seed: give them all.",
)
